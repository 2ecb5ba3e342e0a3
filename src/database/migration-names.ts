/** Every migration, in order; zero-padded because Kysely sorts them as text. Forward only. */
export const MIGRATION_NAMES = [
  '0001-control-schema',
  '0002-extraction',
  '0003-tables-and-rejects',
  '0004-schedules',
  '0005-heartbeat-and-alarms',
  '0006-oauth-token',
  '0007-lane-requests',
  '0008-lower-answers',
  '0009-source-hash-index',
  '0010-load-files',
  '0011-rules-and-rejects',
  '0013-batch-numbers',
  '0014-parts-and-deletes',
  '0016-reconcile',
  '0017-doubts-and-undo',
  '0018-request-leases',
  '0019-publish',
  '0020-comparisons',
  '0021-publish-seen',
  '0022-rehearsal',
] as const;
export type MigrationName = (typeof MIGRATION_NAMES)[number];
