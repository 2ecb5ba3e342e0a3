import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../database/database';
import { readQueued, type Queued } from '../database/lane-queue';
import type { CommandResult } from './envelope';
import { nextLine } from './error-lines';
import { EXIT } from './exit-code';
import { exitCodeOfSignal } from './interrupt';

export interface QueueWait {
  readonly pipeline: string;
  readonly id: string;
  /** Starts whose turn it is; this command does not depend on a worker's next look. */
  readonly start: () => Promise<unknown>;
  /** Gets a sentence whenever what is waited for has changed. */
  readonly tell: (text: string) => void;
  readonly signal: AbortSignal;
  /** Default 500 ms. */
  readonly everyMs?: number;
}

/**
 * Waits until a queued request has become a run, or is out of the queue, or `signal` fires. Returns how it stands then.
 * Errors: the one with which its claim was refused.
 */
export async function waitInQueue(db: Database, { pipeline, id, start, tell, signal, everyMs = 500 }: QueueWait): Promise<Queued> {
  let said = '';
  for (;;) {
    const queued = await readQueued(db, id);
    if (queued.state !== 'waiting' || signal.aborted) return queued;
    const text = queueSentence(pipeline, queued);
    if (text !== said) tell(text);
    said = text;
    if (queued.waitsFor === null) await start();
    await sleep(everyMs, undefined, { signal }).catch(() => undefined);
  }
}

/** `queued-1a2b3c4d has place 2 in the queue of zoho-books, which waits for 2026… to end; Ctrl-C leaves it there`. */
function queueSentence(pipeline: string, { id, place, waitsFor }: Queued): string {
  const turn = place === 1 ? 'whose turn comes now' : 'after those who asked before';
  const behind = waitsFor === null ? turn : `which waits for ${waitsFor} to end`;
  return `${id} has place ${place} in the queue of ${pipeline}, ${behind}; Ctrl-C leaves it there`;
}

/** What a command says that stops waiting for a request which stays in the queue. */
export function leftQueued(pipeline: string, { id, place }: Queued, signal: NodeJS.Signals): CommandResult {
  const next = [
    { kind: 'run-command', label: 'See the queue', command: './freshet status' },
    { kind: 'run-command', label: 'Take it out of the queue', command: `./freshet cancel ${id}` },
  ] as const;
  const message = `${id} keeps place ${place} in the queue of ${pipeline}; a worker starts it when its turn comes.`;
  return {
    exitCode: exitCodeOfSignal(signal),
    data: { queued_id: id, outcome: 'left_queued', place, message, next },
    text: [message, ...next.map(nextLine)].join('\n'),
  };
}

/** Somebody took the request out of the queue while this command waited: nothing was begun. */
export function withdrawnWhileWaiting(pipeline: string, { id }: Queued): CommandResult {
  const message = `${id} was taken out of the queue of ${pipeline}. Nothing was started.`;
  return { exitCode: EXIT.failed, data: { queued_id: id, outcome: 'withdrawn', message }, text: message };
}
