import type { Fence } from '../database/fence';
import type { LoadDefinition } from './load-definition';
import type { LoadPolicy } from './load-policy';

/** Which raw table an entity has, and what the loader knows of the entity. */
export interface TableTarget {
  readonly pipeline: string;
  readonly entity: string;
  readonly schema: string;
  readonly table: string;
  readonly definition: LoadDefinition;
  readonly runId: string;
}

/** The same for an attempt that loads. */
export interface LoadTarget extends TableTarget {
  readonly fence: Fence;
  /** IANA zone of instants without an offset. */
  readonly zone: string;
  /** Absent: NO_POLICY. */
  readonly policy?: LoadPolicy;
}

/** The table of an entity's line items. */
export function lineTable(table: string): string {
  return `${table}_line_items`;
}
