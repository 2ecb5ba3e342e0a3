import type { Fence } from '../database/fence';
import type { LoadDefinition } from './load-definition';

/** Which raw table an attempt writes, and what it knows of the entity. */
export interface LoadTarget {
  readonly fence: Fence;
  readonly pipeline: string;
  readonly entity: string;
  readonly schema: string;
  readonly table: string;
  readonly definition: LoadDefinition;
  /** IANA zone of instants without an offset. */
  readonly zone: string;
  readonly runId: string;
}

/** The table of an entity's line items. */
export function lineTable(table: string): string {
  return `${table}_line_items`;
}
