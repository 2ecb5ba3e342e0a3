import { extname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { LOAD_LIMITS, overLimit } from './load-room';
import { RowWriter, type DatedRecord, type Rendered, type RowTask } from './render';
import type { Parcel } from './row-thread';

/** Turns portions of records into COPY text; answers come in the order of the questions. */
export interface Renderer {
  /** How many portions may be under way at once. */
  readonly depth: number;
  render(records: readonly DatedRecord[]): Rendered | Promise<Rendered>;
  close(): Promise<void>;
}

/** In this thread: for files so small that starting another one would take longer. */
export function inlineRenderer(task: RowTask): Renderer {
  const writer = new RowWriter(task);
  return { depth: 1, render: (records) => writer.render(records), close: () => Promise.resolve() };
}

interface Waiting {
  readonly resolve: (rendered: Rendered) => void;
  readonly reject: (error: Error) => void;
}

/** Parsing, hashing and rendering take most of a load's time: they go to other threads, so that this one keeps the sockets busy and beats. */
export class RowThreads implements Renderer {
  readonly depth: number;
  private readonly threads: readonly { readonly worker: Worker; readonly waiting: Waiting[] }[];
  private next = 0;

  /** `memory`: bytes that a thread may take for values; a record that needs more ends the load, not the process. */
  constructor(task: RowTask, count: number, memory: number = LOAD_LIMITS.memory) {
    this.depth = 2 * count;
    this.threads = Array.from({ length: count }, () => begin(task, memory));
  }

  render(records: readonly DatedRecord[]): Promise<Rendered> {
    const thread = this.threads[this.next++ % this.threads.length]!;
    const parcel = pack(records);
    const answer = new Promise<Rendered>((resolve, reject) => {
      thread.waiting.push({ resolve, reject });
      thread.worker.postMessage(parcel, [parcel.bytes.buffer]);
    });
    // A load that fails elsewhere asks for no more answers; the thread's end would reject them, unheard.
    answer.catch(() => undefined);
    return answer;
  }

  async close(): Promise<void> {
    await Promise.all(this.threads.map(({ worker }) => worker.terminate()));
  }
}

/** A thread needs this much before it has read a record. */
const LEAST_THREAD_MB = 32;

function begin(task: RowTask, memory: number): { worker: Worker; waiting: Waiting[] } {
  const worker = new Worker(join(__dirname, `row-thread${extname(__filename)}`), {
    workerData: task,
    resourceLimits: { maxOldGenerationSizeMb: Math.max(LEAST_THREAD_MB, Math.floor(memory / 1024 / 1024)) },
  });
  const waiting: Waiting[] = [];
  worker.on('message', (rendered: Rendered) => waiting.shift()?.resolve(rendered));
  const fail = (error: Error): void => waiting.splice(0).forEach(({ reject }) => reject(error));
  worker.on('error', (error: NodeJS.ErrnoException) =>
    fail(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? overLimit('The values of a record do not fit', memory) : error),
  );
  worker.on('exit', () => fail(new Error('a thread of the loader ended early')));
  return { worker, waiting };
}

/** The records' bytes side by side in memory of their own, which is handed over. */
function pack(records: readonly DatedRecord[]): Parcel {
  const bytes = new Uint8Array(records.reduce((sum, record) => sum + record.bytes.length, 0));
  let at = 0;
  for (const record of records) {
    bytes.set(record.bytes, at);
    at += record.bytes.length;
  }
  return {
    bytes,
    lengths: records.map((record) => record.bytes.length),
    offsets: records.map(({ offset }) => offset),
    seqs: records.map(({ seq }) => seq),
    fetchedAt: records.map(({ fetchedAt }) => fetchedAt),
    hashes: records.map(({ hash }) => hash),
  };
}
