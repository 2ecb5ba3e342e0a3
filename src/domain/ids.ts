/** Kinds of a run, as they stand in its row (contracts §10). */
export const RUN_KINDS = ['sync', 'full', 'backfill', 'window', 'retry', 'replay', 'load', 'push', 'reconcile'] as const;
export type RunKind = (typeof RUN_KINDS)[number];

const ID_KIND: Readonly<Record<RunKind, string>> = {
  sync: 'SYNC',
  full: 'SYNC',
  retry: 'SYNC',
  reconcile: 'SYNC',
  backfill: 'BACKFILL',
  window: 'BACKFILL',
  replay: 'REPLAY',
  load: 'LOAD',
  push: 'PUSH',
};

/**
 * The id of a run: `202508022027-SYNC-765151E9`. `utc` is the database's clock, `random` eight hex digits;
 * both are handed in, because a workflow must never make one.
 */
export function runId(utc: string, kind: RunKind, random: string): string {
  const minute = utc.replace(/\D/g, '').slice(0, 12);
  if (minute.length !== 12 || !/^[0-9a-f]{8}$/i.test(random)) throw new RangeError(`cannot make a run id of ${utc} and ${random}`);
  return `${minute}-${ID_KIND[kind]}-${random.toUpperCase()}`;
}

export function isRunId(text: string): boolean {
  return /^\d{12}-(SYNC|BACKFILL|LOAD|REPLAY|PUSH)-[0-9A-F]{8}$/.test(text);
}

/** Workflow id of a run; its children hang `/<entity>` behind it (contracts §1). */
export function workflowId(pipeline: string, run: string): string {
  return `sync/${pipeline}/${run}`;
}

export function entityWorkflowId(pipeline: string, run: string, entity: string): string {
  return `${workflowId(pipeline, run)}/${entity}`;
}

/** Composite keys as one text: `%` and `|` percent-encoded, parts joined by `|` in declared order (contracts §5). */
export function joinKey(parts: readonly string[]): string {
  return parts.map((part) => part.replace(/%/g, '%25').replace(/\|/g, '%7C')).join('|');
}
