import { parentPort, workerData } from 'node:worker_threads';
import type { ValidationRule } from '../config/schema/validation-rule';
import type { LoadDefinition } from './load-definition';
import { render } from './render';
import { RowReader, type RowShape } from './row';

/** What a thread of `RowThreads` is started with. */
export interface ThreadTask {
  readonly shape: RowShape;
  readonly definition: LoadDefinition;
  readonly zone: string;
  readonly rules?: readonly ValidationRule[];
}

/** One portion: the bytes of its records side by side, and four numbers or texts for each. */
export interface Parcel {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly lengths: readonly number[];
  readonly offsets: readonly number[];
  readonly seqs: readonly number[];
  readonly fetchedAt: readonly string[];
}

const { shape, definition, zone, rules } = workerData as ThreadTask;
const reader = new RowReader(shape, definition, zone, rules);

parentPort!.on('message', ({ bytes, lengths, offsets, seqs, fetchedAt }: Parcel) => {
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let from = 0;
  const rendered = render(
    reader,
    lengths.map((length, place) => {
      const record = {
        seq: seqs[place]!,
        offset: offsets[place]!,
        bytes: whole.subarray(from, from + length),
        fetchedAt: fetchedAt[place]!,
      };
      from += length;
      return record;
    }),
  );
  // Small ones lie in a pool that the thread shares with itself: those are copied.
  const own = [rendered.header, rendered.lines]
    .map((text) => text.buffer as ArrayBuffer)
    .filter(({ byteLength }) => byteLength > Buffer.poolSize);
  parentPort!.postMessage(rendered, [...new Set(own)]);
});
