import type { EntityEnd } from '../database/run-store';

/** Errors that no failure stands behind: the entity is stopped on purpose, and a person releases it. Workflows know them as failures. */
const HELD: ReadonlySet<string> = new Set(['deletes-held', 'reject-budget', 'schema-held', 'view-blocks-widening']);

/** Its source is not set up where the run is carried: nothing was tried, so nothing failed. */
const SKIPPED: ReadonlySet<string> = new Set(['secret-missing']);

/** The end as it is to be written: `held` or `skipped` with the error's sentence as its reason and its remedy, where the error means that. */
export function heldEnd(end: EntityEnd): EntityEnd {
  if (end.state !== 'failed' || end.error === undefined) return end;
  const { code, message, remedy } = end.error;
  const means = { runId: end.runId, entity: end.entity, reason: message, remedy };
  if (HELD.has(code)) return { ...means, state: 'held' };
  return SKIPPED.has(code) ? { ...means, state: 'skipped' } : end;
}
