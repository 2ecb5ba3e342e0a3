import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { BatchDraft } from '../../src/extract/batch-draft';
import { FileStore } from '../../src/landing/file-store';
import type { Draft } from '../../src/landing/landing-store';
import { createFaults } from '../../src/observability/faults';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'freshet-batch-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const KEY = 'sync_sessions/s/raw_json/t/orders.json';

const filesUnder = (): string[] =>
  readdirSync(root, { recursive: true, withFileTypes: true, encoding: 'utf8' }).flatMap((entry) => (entry.isFile() ? [entry.name] : []));

function draftOn(landing: FileStore): { readonly draft: BatchDraft; readonly troubles: string[] } {
  const troubles: string[] = [];
  return { draft: new BatchDraft({ landing, key: 'work/x/batch-1.json', onTrouble: (why) => troubles.push(why) }), troubles };
}

const page = (...ids: number[]): Buffer => Buffer.from(`[${ids.map((id) => `{"id":${id}}`).join(',\n')}]`);

describe('the file of a batch that grows with its pages', () => {
  it('is one array of all their records, one a line', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(fc.nat(), { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 6 }), async (pages) => {
        const { draft, troubles } = draftOn(new FileStore(root));
        for (const [n, ids] of pages.entries()) await draft.add(`${n}`, page(...ids));
        const stored = await draft.publish(
          KEY,
          pages.map((_, n) => `${n}`),
        );
        const text = readFileSync(join(root, KEY), 'utf8');
        expect(text).toBe(
          `[${pages
            .flat()
            .map((id) => `{"id":${id}}`)
            .join(',\n')}]\n`,
        );
        expect(stored).toMatchObject({ bytes: text.length });
        expect([troubles, filesUnder()]).toEqual([[], ['orders.json']]);
      }),
      { numRuns: 30 },
    );
  });

  it.each([
    ['the batch has a page more', ['1', '2', '3']],
    ['the batch has a page less', ['1']],
    ['a page is another attempt’s', ['1', '2b']],
    ['the order is another', ['2', '1']],
  ])('is not used where %s', async (_why, files) => {
    const { draft } = draftOn(new FileStore(root));
    await draft.add('1', page(1));
    await draft.add('2', page(2));
    expect(await draft.publish(KEY, files)).toBeNull();
    await draft.end();
    expect(filesUnder()).toEqual([]);
  });

  it('is not used where it has no page, or is over', async () => {
    const empty = draftOn(new FileStore(root)).draft;
    expect(await empty.publish(KEY, [])).toBeNull();
    const ended = draftOn(new FileStore(root)).draft;
    await ended.end();
    await ended.add('1', page(1));
    expect(await ended.publish(KEY, ['1'])).toBeNull();
    expect(filesUnder()).toEqual([]);
  });

  it.each(['before-draft', 'before-draft-write', 'after-draft-sync', 'before-draft-rename', 'after-draft-rename'])(
    'is given up, which is told once, where the disk fails %s: the batch is then written from its pages',
    async (site) => {
      const { draft, troubles } = draftOn(
        new FileStore(root, createFaults(`error:landing.${site}:1:ENOSPC`, { environment: 'test' }).fault),
      );
      for (const n of [1, 2, 3]) await draft.add(`${n}`, page(n));
      expect(await draft.publish(KEY, ['1', '2', '3'])).toBeNull();
      await draft.end();
      expect(troubles).toEqual([expect.stringContaining('ENOSPC')]);
      // A file that got its name before the disk failed is whole, and is written again.
      expect(filesUnder()).toEqual(site === 'after-draft-rename' ? ['orders.json'] : []);
    },
  );

  it('tells a mistake of ours to whoever comes next, and ends no process over one that nobody waits for yet', async () => {
    const unheard = jest.fn();
    process.on('unhandledRejection', unheard);
    const landing = new FileStore(root);
    const mistaken = {
      draft: async (key: string): Promise<Draft> =>
        Object.assign(await landing.draft(key), { append: () => Promise.reject(new TypeError('a mistake')) }),
    };
    const draft = new BatchDraft({ landing: mistaken, key: 'work/x/batch-1.json', onTrouble: () => undefined });
    await draft.add('1', page(1));
    while (filesUnder().length === 0) await turn();
    while (filesUnder().length > 0) await turn();
    for (let turns = 0; turns < 20; turns++) await turn();
    process.off('unhandledRejection', unheard);
    expect(unheard).not.toHaveBeenCalled();
    await expect(draft.add('2', page(2))).rejects.toThrow('a mistake');
    await expect(draft.end()).rejects.toThrow('a mistake');
  });

  it('keeps no more than two pages in memory: one is taken when the one before it is durable', async () => {
    const held: { release: () => void } = { release: () => undefined };
    const holding = new Promise<void>((resolve) => (held.release = resolve));
    const { draft } = draftOn(new FileStore(root, (site) => (site === 'landing.after-draft-sync' ? holding : undefined)));
    await draft.add('1', page(1));
    let taken = false;
    const second = draft.add('2', page(2)).then(() => (taken = true));
    for (let turns = 0; turns < 20; turns++) await turn();
    expect(taken).toBe(false);
    held.release();
    await second;
    expect(await draft.publish(KEY, ['1', '2'])).toMatchObject({ bytes: '[{"id":1},\n{"id":2}]\n'.length });
  });
});
