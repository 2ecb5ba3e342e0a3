import type { EntityEnd } from '../database/run-store';

/** Errors that no failure stands behind: the entity is stopped on purpose, and a person releases it. Workflows know them as failures. */
const HELD: ReadonlySet<string> = new Set(['deletes-held', 'reject-budget', 'schema-held', 'view-blocks-widening']);

/** The end as it is to be written: `held` with the error's sentence as its reason and its remedy, where the error means that. */
export function heldEnd(end: EntityEnd): EntityEnd {
  if (end.state !== 'failed' || end.error === undefined || !HELD.has(end.error.code)) return end;
  return { runId: end.runId, entity: end.entity, state: 'held', reason: end.error.message, remedy: end.error.remedy };
}
