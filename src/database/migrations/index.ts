import type { Migration } from 'kysely';
import type { MigrationName } from '../migration-names';
import * as controlSchema from './0001-control-schema';
import * as extraction from './0002-extraction';
import * as tablesAndRejects from './0003-tables-and-rejects';
import * as schedules from './0004-schedules';
import * as heartbeatAndAlarms from './0005-heartbeat-and-alarms';
import * as oauthToken from './0006-oauth-token';
import * as laneRequests from './0007-lane-requests';
import * as lowerAnswers from './0008-lower-answers';
import * as sourceHashIndex from './0009-source-hash-index';
import * as loadFiles from './0010-load-files';
import * as rulesAndRejects from './0011-rules-and-rejects';
import * as batchNumbers from './0013-batch-numbers';
import * as partsAndDeletes from './0014-parts-and-deletes';
import * as reconcile from './0016-reconcile';
import * as doubtsAndUndo from './0017-doubts-and-undo';
import * as requestLeases from './0018-request-leases';
import * as publish from './0019-publish';
import * as comparisons from './0020-comparisons';
import * as publishSeen from './0021-publish-seen';
import * as rehearsal from './0022-rehearsal';
import * as voidDeletions from './0023-void-deletions';

export const MIGRATIONS: Readonly<Record<MigrationName, Migration>> = {
  '0001-control-schema': controlSchema,
  '0002-extraction': extraction,
  '0003-tables-and-rejects': tablesAndRejects,
  '0004-schedules': schedules,
  '0005-heartbeat-and-alarms': heartbeatAndAlarms,
  '0006-oauth-token': oauthToken,
  '0007-lane-requests': laneRequests,
  '0008-lower-answers': lowerAnswers,
  '0009-source-hash-index': sourceHashIndex,
  '0010-load-files': loadFiles,
  '0011-rules-and-rejects': rulesAndRejects,
  '0013-batch-numbers': batchNumbers,
  '0014-parts-and-deletes': partsAndDeletes,
  '0016-reconcile': reconcile,
  '0017-doubts-and-undo': doubtsAndUndo,
  '0018-request-leases': requestLeases,
  '0019-publish': publish,
  '0020-comparisons': comparisons,
  '0021-publish-seen': publishSeen,
  '0022-rehearsal': rehearsal,
  '0023-void-deletions': voidDeletions,
};
