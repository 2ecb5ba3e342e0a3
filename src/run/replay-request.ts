import type { LoadedSettings } from '../config/load-settings';
import type { ClaimRequest } from '../database/claim';
import type { ReplayedReject } from '../database/replay-records';
import { claimRequest } from './claim-request';
import { FOREIGN_PIPELINE } from './file-source';
import { foreignRequest } from './load-request';
import type { Sources } from './run-config';

/** A reject that somebody wants loaded. */
export interface ReplayWish {
  readonly rejectId: string;
  readonly pipeline: string;
  readonly entity: string;
  /** When it was fetched. */
  readonly at: string;
  readonly record: string | null;
}

export interface Replay {
  readonly request: ClaimRequest;
  readonly records: readonly ReplayedReject[];
}

/** One claim a pipeline, under the settings of now. Touches no database. Errors: `config_error`. */
export function replayRequests(loaded: LoadedSettings, sources: Sources, wishes: readonly ReplayWish[], actor: string): Replay[] {
  return [...new Set(wishes.map(({ pipeline }) => pipeline))].map((pipeline) => {
    const own = wishes.filter((wish) => wish.pipeline === pipeline);
    const names = [...new Set(own.map(({ entity }) => entity))];
    const command = { replay: { rejects: own.length, mended: own.filter(({ record }) => record !== null).length } };
    const request =
      pipeline === FOREIGN_PIPELINE
        ? foreignRequest(loaded, { names, kind: 'replay', actor, command })
        : claimRequest(loaded, sources, { pipeline, entities: names, kind: 'replay', actor }).request;
    return { request: { ...request, command: { ...request.command, ...command } }, records: names.flatMap((name) => placed(own, name)) };
  });
}

/** Files in the order of their time, records in the order in which they were refused. */
function placed(wishes: readonly ReplayWish[], entity: string): ReplayedReject[] {
  const own = wishes.filter((wish) => wish.entity === entity);
  const times = [...new Set(own.map(({ at }) => at))].sort();
  return times.flatMap((time, part) =>
    own.filter(({ at }) => at === time).map(({ rejectId, record }, index) => ({ rejectId, entity, part: part + 1, n: index + 1, record })),
  );
}
