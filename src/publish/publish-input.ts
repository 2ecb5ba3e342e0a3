import type { RejectBudget } from '../config/schema/validation-rule';
import type { Database } from '../database/database';
import type { Fence } from '../database/fence';
import type { StageContext } from '../observability/stage-context';
import type { Mapping, RawColumn } from './mapping/mapping';
import type { DeletePolicy } from './merge-row';
import type { StrategyName } from '../domain/strategies/registry';

/** Where an entity is published, and how. */
export interface PublishTarget {
  readonly schema: string;
  readonly table: string;
  readonly uniqueField: string;
  readonly strategy: StrategyName;
  /** Of single fields. */
  readonly strategies: Readonly<Record<string, StrategyName>>;
  readonly updateExisting: boolean;
  readonly deletes: DeletePolicy;
}

export interface PublishInput {
  readonly runId: string;
  readonly pipeline: string;
  readonly entity: string;
  readonly raw: { readonly schema: string; readonly table: string };
  readonly target: PublishTarget;
  /** What the file says of mapping, transforms, rules and references: another text means that every row is published anew. */
  readonly definition: unknown;
  readonly full: boolean;
  readonly budget: RejectBudget;
  readonly schemaPolicy: 'evolve' | 'hold' | 'reject';
  /** Columns of the typed table by which others find its rows (`lookedUpColumns`). */
  readonly indexed?: readonly string[];
  /** Only records fetched since then (ISO); the others stay unpublished. Absent: all. */
  readonly since?: string;
  /** The target is a copy that nobody else sees (decision 0023). Absent: it is the table itself. */
  readonly copyOf?: CopyOf;
  compile(raw: readonly RawColumn[]): Mapping;
}

/** What a copy of a typed table, and the name of the pipeline beside it, stand for. */
export interface CopyOf {
  /** Whose landed batches, and whose parents' reads are asked. */
  readonly pipeline: string;
  readonly target: PublishTarget;
  /** Every typed table that was copied, by its quoted name: its copy. */
  readonly copies: ReadonlyMap<string, { readonly schema: string; readonly table: string }>;
}

/** What every part of one publish shares. */
export interface PublishScope {
  readonly db: Database;
  readonly input: PublishInput;
  readonly fence: Fence;
  readonly ctx: StageContext;
}
