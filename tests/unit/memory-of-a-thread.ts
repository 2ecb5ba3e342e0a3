import { INVOICES } from '../../bench/documents';
import { recordHash } from '../../src/load/batch-file';
import { RowThreads } from '../../src/load/row-threads';

/** A process outside jest: a thread that may take 16 MiB for values reads a record of 1.8 MB that consists of 600,000 empty objects. */
const MIB = 1024 * 1024;
const task = {
  shape: { header: [{ field: 'o', name: 'o', type: 'jsonb' as const, ordinal: 0 }], lines: null },
  definition: { ...INVOICES, key: ['id'] as const, lineItems: null },
  zone: 'UTC',
};

async function main(): Promise<void> {
  const threads = new RowThreads(task, 1, 16 * MIB);
  const bytes = Buffer.from(`{"id":"dense","o":[${Array<string>(600_000).fill('{}').join(',')}]}`);
  const answer = await Promise.resolve(
    threads.render([{ seq: 1, offset: 0, bytes, fetchedAt: '2025-07-01 00:00:00+00', hash: recordHash(bytes) }]),
  ).then(
    () => null,
    (error: unknown) => error,
  );
  await threads.close();
  process.stdout.write(JSON.stringify({ ...(answer as object | null), message: (answer as Error | null)?.message }));
}

void main();
