import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { FileStore } from '../../src/landing/file-store';
import { createFaults } from '../../src/observability/faults';
import { traceFiles, type FileTrace, type TraceOptions } from './file-trace';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'freshet-draft-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const store = (spec?: string): FileStore => new FileStore(root, createFaults(spec, { environment: 'test' }).fault);
const [DRAFT, KEY] = ['work/x/batch-1.json', 'sync_sessions/s/raw_json/t/invoices.json'];

const filesUnder = (): string[] =>
  readdirSync(root, { recursive: true, withFileTypes: true, encoding: 'utf8' }).flatMap((entry) => (entry.isFile() ? [entry.name] : []));

describe('a draft in landing', () => {
  it('becomes the file of its key with all its pieces, in the place of what stood there', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 5_000 }), { maxLength: 6 }), async (pieces) => {
        const draft = await store().draft(DRAFT);
        for (const piece of pieces) await draft.append(piece);
        const bytes = Buffer.concat(pieces);
        expect(await draft.publish(KEY)).toEqual({ bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') });
        expect(readFileSync(join(root, KEY)).equals(bytes)).toBe(true);
        expect(filesUnder()).toEqual(['invoices.json']);
      }),
      { numRuns: 30 },
    );
  });

  it('is read back piece by piece, also where a piece is larger than what is read at once', async () => {
    const large = Buffer.alloc(9 * 1024 * 1024, 'ä');
    const draft = await store().draft(DRAFT);
    await draft.append(Buffer.from('['));
    await draft.append(large);
    await draft.publish(KEY);
    expect(readFileSync(join(root, KEY)).subarray(1).equals(large)).toBe(true);
  });

  it('is nowhere before it is published, and leaves nothing when it is discarded, even twice', async () => {
    const draft = await store().draft(DRAFT);
    await draft.append(Buffer.from('[1]'));
    expect(existsSync(join(root, KEY))).toBe(false);
    await draft.discard();
    await draft.discard();
    expect(filesUnder()).toEqual([]);
  });

  it.each(['before-draft-write', 'after-draft-sync', 'before-draft-rename'])(
    'is not published when the disk fails %s, and can be discarded',
    async (site) => {
      const draft = await store(`error:landing.${site}:1:EIO`).draft(DRAFT);
      await expect(draft.append(Buffer.from('[1]')).then(() => draft.publish(KEY))).rejects.toMatchObject({
        type: 'file_error',
        facts: { errno: 'EIO' },
      });
      await draft.discard();
      expect(filesUnder()).toEqual([]);
    },
  );

  it('says where it could not be begun', async () => {
    await expect(store('error:landing.before-draft:1:ENOSPC').draft(DRAFT)).rejects.toMatchObject({
      type: 'file_error',
      where: join(root, DRAFT),
      facts: { errno: 'ENOSPC' },
    });
    expect(filesUnder()).toEqual([]);
  });

  it('refuses a piece that reads back differently', async () => {
    const flipping = new FileStore(root, (site) => {
      if (site === 'landing.after-draft-sync') writeFileSync(join(root, DRAFT), '[2]');
    });
    const draft = await flipping.draft(DRAFT);
    await expect(draft.append(Buffer.from('[1]'))).rejects.toMatchObject({ type: 'file_error', code: 'landing-checksum' });
    await draft.discard();
  });

  it.each(['../outside.json', 'a/../../outside.json'])('never leaves its root for key %s', async (key) => {
    await expect(store().draft(key)).rejects.toMatchObject({ code: 'landing-key-outside' });
    const draft = await store().draft(DRAFT);
    await expect(draft.publish(key)).rejects.toMatchObject({ code: 'landing-key-outside' });
    await draft.discard();
  });
});

describe('what a draft asks of the disk', () => {
  let trace: FileTrace;
  const traced = async (options?: TraceOptions): Promise<string[]> => {
    await store().claim('ready');
    await store().claim('work');
    trace = await traceFiles(options);
    return trace.calls as string[];
  };
  afterEach(() => trace.stop());

  it('is each piece written and synced, then the whole, then its name, then the folder that holds the name', async () => {
    const calls = await traced();
    const draft = await store().draft('work/a.json');
    await draft.append(Buffer.from('[1'));
    await draft.append(Buffer.from(']'));
    await draft.publish('ready/a.json');
    expect(calls.map((call) => call.replace(`${root}/`, ''))).toEqual([
      'open work/a.json',
      ...['write work/a.json', 'datasync work/a.json', 'write work/a.json', 'datasync work/a.json'],
      ...['sync work/a.json', 'rename ready/a.json', 'open ready', 'sync ready'],
    ]);
  });

  it.each([
    ['takes less than it says', { keeps: 4 }],
    ['takes nothing and says so', { takes: () => 0 }],
  ])('is refused where the disk %s', async (_how, options) => {
    await traced(options);
    const draft = await store().draft('work/a.json');
    await expect(draft.append(Buffer.from('[1,2,3,4]'))).rejects.toMatchObject({ type: 'file_error', code: 'landing-short-write' });
    await draft.discard();
    expect(filesUnder()).toEqual([]);
  });
});
