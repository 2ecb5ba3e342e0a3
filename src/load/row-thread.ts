import { parentPort, workerData } from 'node:worker_threads';
import { RowWriter, type RowTask } from './render';

/** One portion: the bytes of its records side by side, and four numbers or texts for each. */
export interface Parcel {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly lengths: readonly number[];
  readonly offsets: readonly number[];
  readonly seqs: readonly number[];
  readonly fetchedAt: readonly string[];
  readonly hashes: readonly string[];
}

const writer = new RowWriter(workerData as RowTask);

parentPort!.on('message', ({ bytes, lengths, offsets, seqs, fetchedAt, hashes }: Parcel) => {
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let from = 0;
  const rendered = writer.render(
    lengths.map((length, place) => {
      const record = {
        seq: seqs[place]!,
        offset: offsets[place]!,
        bytes: whole.subarray(from, from + length),
        fetchedAt: fetchedAt[place]!,
        hash: hashes[place]!,
      };
      from += length;
      return record;
    }),
  );
  parentPort!.postMessage(rendered, [rendered.header.buffer, rendered.lines.buffer]);
});
