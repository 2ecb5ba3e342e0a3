import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openDatabase } from '../../src/database/database';
import { testDatabase } from '../support/database';
import { blocks, editedCopy, partOf } from '../support/documented';

/** The strategy of docs/publish.md, added by the edits that the page tells and nothing else, in a copy of freshet with a process of its own. */
const database = testDatabase();
const told = partOf(readFileSync(resolve(__dirname, '../../docs/publish.md'), 'utf8'), 'Add a strategy');
const [yaml = ''] = blocks(told, 'yaml');
const [first = '', becomes = ''] = blocks(told, 'json');
let folder: string;

beforeAll(() => {
  folder = editedCopy(told, {
    imported: `import { oldestWins } from './oldest-wins';`,
    folders: ['src', 'tests/publish', 'tests/support'],
  });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function answered(script: string): unknown {
  writeFileSync(join(folder, 'try.ts'), script);
  const env = { ...process.env, DATABASE_URL: database.url };
  return JSON.parse(execFileSync(process.execPath, ['-r', './scripts/typescript.cjs', 'try.ts'], { cwd: folder, env, encoding: 'utf8' }));
}

test('one file and one line of the registry add a strategy: nothing else of freshet is edited', () => {
  expect([...told.matchAll(/in (?:a new file )?`src\/[^`]+`/g)].map(([place]) => place)).toEqual([
    'in a new file `src/domain/strategies/oldest-wins.ts`',
    'in `src/domain/strategies/registry.ts`',
  ]);
});

test('it is set for an entity and for a field, and a publish decides by it as the page says', () => {
  const rows = answered(`
    import { parse } from 'yaml';
    import { openDatabase } from './src/database/database';
    import { rawBench } from './tests/publish/raw-bench';
    (async () => {
      const db = openDatabase({ url: process.env.DATABASE_URL!, poolSize: 4 });
      const row = ${first};
      const bench = await rawBench(db, { columns: { name: 'text', price: 'text' }, publish: parse(${JSON.stringify(yaml)}) });
      await bench.put([row]);
      await bench.publish();
      await db.query('update ' + bench.typed + " set name = 'Armchair', price = '12'");
      await bench.put([{ ...row, name: 'Seat', price: '11' }]);
      const counts = await bench.publish();
      const rows = await db.query('select key, name, price from ' + bench.typed);
      const conflicts = await db.query('select field, strategy, decision from freshet.conflict order by field');
      process.stdout.write(JSON.stringify({ rows, conflicts, decided: counts.decided }));
      await db.close();
    })();`);
  expect(rows).toEqual({
    rows: [JSON.parse(becomes)],
    conflicts: [
      { field: 'name', strategy: 'oldest_wins', decision: 'target' },
      { field: 'price', strategy: 'source_wins', decision: 'source' },
    ],
    decided: 1,
  });
});

test('both of its forms, TypeScript and SQL, say the same of every order of the two times', async () => {
  const times = [null, '2026-01-01T00:00:00.000000Z', '2026-01-02T00:00:00.000000Z'];
  const { sql, decided } = answered(`
    import { STRATEGIES } from './src/domain/strategies/registry';
    const times = ${JSON.stringify(times)};
    const strategy = STRATEGIES.oldest_wins;
    const decided = times.flatMap((sourceAt) => times.map((targetAt) => strategy.decide({ sourceAt, targetAt })));
    process.stdout.write(JSON.stringify({ sql: strategy.sql('s.at', 't.at'), decided }));`) as { sql: string; decided: string[] };
  const db = openDatabase({ url: database.url, poolSize: 1 });
  try {
    const rows = await db.query<{ verdict: string }>(
      `select ${sql} as verdict from unnest($1::timestamptz[]) with ordinality s (at, n), unnest($1::timestamptz[]) with ordinality t (at, n) order by s.n, t.n`,
      [times],
    );
    expect(rows.map(({ verdict }) => verdict)).toEqual(decided);
    expect(new Set(decided)).toEqual(new Set(['source', 'target']));
  } finally {
    await db.close();
  }
});
