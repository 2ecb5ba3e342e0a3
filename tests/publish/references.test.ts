import { openDatabase, type Database } from '../../src/database/database';
import { publishSchema, type PublishSettings } from '../../src/config/schema/publish';
import { compileMapping } from '../../src/publish/mapping/compile-mapping';
import type { PublishInput } from '../../src/publish/publish-input';
import { testDatabase } from '../support/database';
import { rawBench, type RawBench } from './raw-bench';

/** Foreign keys between typed tables, and what becomes of them when the file changes. */
const database = testDatabase();
let db: Database;
beforeAll(() => {
  db = openDatabase({ url: database.url, poolSize: 4 });
});
afterAll(() => db.close());

/** A child whose `parent` names rows of another table, and that other table. */
async function family(): Promise<{ child: RawBench; parent: RawBench; asking: (publish: object) => Partial<PublishInput> }> {
  const parent = await rawBench(db, { columns: { n: 'bigint' } });
  await parent.put([{ key: 'p', n: '1' }]);
  await parent.publish();
  const child = await rawBench(db, { columns: { parent: 'text', n: 'bigint' } });
  const parents: PublishSettings = publishSchema.parse({
    schema: parent.pipeline,
    table: 'things',
    unique_field: 'key',
    field_mappings: { key: 'key', n: 'n' },
  });
  const asking = (publish: object): Partial<PublishInput> => {
    const settings = publishSchema.parse({
      schema: child.pipeline,
      table: 'things',
      unique_field: 'key',
      field_mappings: { key: 'key', parent: 'parent', n: 'n' },
      ...publish,
    });
    return { definition: settings, compile: (raw) => compileMapping(settings, raw, { zone: 'UTC', published: { parents } }) };
  };
  return { child, parent, asking };
}

const constraints = ({ pipeline }: RawBench): Promise<object[]> =>
  db.query(`select conname::text as name from pg_constraint where contype = 'f' and conrelid = to_regclass($1) order by 1`, [
    `${pipeline}.things`,
  ]);
const HARD = { references: { parent: { entity: 'parents' } } };
const SOFT = { validation_rules: [{ field: 'parent', rule: 'foreign_key', entity: 'parents', severity: 'warning' }] };

it('a reference that the file asks for no more refuses no rows any more; a constraint of a person’s stays', async () => {
  const { child, parent, asking } = await family();
  await child.put([{ key: 'a', parent: 'p' }]);
  await child.publish(asking(HARD));
  expect(await constraints(child)).toHaveLength(1);
  await child.put([{ key: 'b', parent: 'nobody' }]);
  expect(await child.publish(asking({}))).toMatchObject({ created: 1, rejected: 0 });
  expect(await constraints(child)).toEqual([]);
  await db.query(`alter table ${child.typed} add constraint of_a_person foreign key (parent) references ${parent.typed} (key) not valid`);
  await child.publish(asking({}));
  expect(await constraints(child)).toEqual([{ name: 'of_a_person' }]);
});

it('one that only warns from now on stores the row and warns', async () => {
  const { child, asking } = await family();
  await child.put([{ key: 'a', parent: 'nobody' }]);
  expect(await child.publish(asking(HARD))).toMatchObject({ created: 0 });
  expect(await child.publish(asking(SOFT))).toMatchObject({ created: 1, warnings: 1, rejected: 0 });
  expect(await constraints(child)).toEqual([]);
  // And back: what is there already is left alone, and new orphans are refused or wait again.
  await child.publish(asking(HARD));
  expect(await constraints(child)).toHaveLength(1);
});

it('columns that cannot be compared are told before the first row, with both types', async () => {
  const { child, asking } = await family();
  await child.put([{ key: 'a', n: '1' }]);
  await expect(child.publish(asking({ references: { n: { entity: 'parents' } } }))).rejects.toMatchObject({
    code: 'mapping-does-not-fit',
    message: expect.stringMatching(/references\.n: n is bigint, and \S+\.things\.key, to which it refers, is text/) as string,
  });
  expect(await child.publish(asking({ references: { n: { entity: 'parents', field: 'n' } } }))).toMatchObject({ created: 1 });
});
