import type { LoadedSettings } from '../config/load-settings';
import type { ClaimRequest } from '../database/claim';
import { claimRequest } from './claim-request';
import { FOREIGN_PIPELINE } from './file-source';
import { foreignRequest } from './load-request';
import type { Sources } from './run-config';

/** Deletions of one run that somebody wants taken back. */
export interface UndoWish {
  /** Its name, or the path of its file. */
  readonly pipeline: string;
  readonly runId: string;
  readonly entities: readonly string[];
  readonly actor: string;
}

/** A claim of a replay that reads nothing (decision 0016). Touches no database. Errors: `config_error`. */
export function undoRequest(loaded: LoadedSettings, sources: Sources, { pipeline, runId, entities, actor }: UndoWish): ClaimRequest {
  const command = { undo: { run: runId } };
  const request =
    pipeline === FOREIGN_PIPELINE
      ? foreignRequest(loaded, { names: entities, kind: 'replay', actor, command })
      : claimRequest(loaded, sources, { pipeline, entities, kind: 'replay', actor }).request;
  return { ...request, command: { ...request.command, ...command } };
}

/** The run whose deletions a run takes back, by its command; `null`: it does something else. */
export function undoneRun(command: Readonly<Record<string, unknown>>): string | null {
  const undo = command['undo'];
  return typeof undo === 'object' && undo !== null && 'run' in undo ? String(undo.run) : null;
}
