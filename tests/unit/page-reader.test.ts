import * as fc from 'fast-check';
import { PageReader, readPage } from '../../src/extract/page-reader';
import type { HttpAnswer } from '../../src/http/http-request';
import { expectList, expectRecords } from '../../src/http/strict-json';
import { profileRecords } from '../../src/json/profile';
import type { ListAnswer } from '../../src/sources/source';
import { orders } from '../../src/sources/square/entities/orders';

/** Values as sources write them, among them numbers that a double cannot hold, escapes, and the same key twice. */
const value = fc.oneof(
  fc.constantFrom(
    '12345678901234567890',
    '0.10',
    '1e3',
    '-0',
    '1.0',
    '7',
    'null',
    'true',
    '"\\u0041"',
    '"é — 😀"',
    '"a\\"b"',
    '{"x":1,"x":2}',
  ),
  fc.string().map((text) => JSON.stringify(text)),
);
const record = fc
  .tuple(fc.uuid(), fc.array(fc.tuple(fc.constantFrom('version', 'note', '__proto__', 'total'), value), { maxLength: 5 }))
  .map(
    ([id, fields]) =>
      `{"id":"${id}","updated_at":"2026-11-01T00:00:00.000Z","location_id":"L"${fields.map(([key, text]) => `,"${key}": ${text}`).join('')}}`,
  );

const answerOf = (body: Buffer): HttpAnswer => ({ status: 200, headers: new Map(), body, date: null });
const listOf = (body: Buffer): ListAnswer => ({ body, next: null, clock: null, requestDigest: '' });
const deps = { definition: orders, zone: 'UTC' };

/** As a client hands records on that it parses anyway. */
async function taken(body: Buffer): Promise<ListAnswer> {
  const reader = new PageReader(deps);
  const { list } = expectList(answerOf(body), { what: 'the list' }, ['orders']);
  await expectRecords(answerOf(body), { what: 'the list', elements: list!.elements }, (said, place) => reader.take(said, place, body));
  return { ...listOf(body), list: { slice: list!.slice, taken: reader } };
}

it('a page is the same whether its client hands on the records or not, to the last digit', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(record, { maxLength: 40 }), fc.boolean(), async (records, twice) => {
      // Of a key that is there twice the last counts.
      const body = Buffer.from(`${twice ? '{"orders":[{"id":"x"}],' : '{'}"cursor":"c","orders": [${records.join(' ,\n')}]}`);
      const { answer: _, ...plain } = await readPage(listOf(body), deps);
      const { answer: __, ...handed } = await readPage(await taken(body), deps);
      expect(handed).toEqual(plain);
      expect(plain.rows.map(({ offset, length }) => body.toString('utf8', offset, offset + length))).toEqual(records);
      expect(plain.profile).toEqual(
        profileRecords(
          records.map((text) => Buffer.from(text)),
          'line_items',
        ),
      );
    }),
  );
});

it('what stands around the records is read as JSON.parse reads it', () => {
  fc.assert(
    fc.property(fc.array(record, { maxLength: 3 }), fc.json(), (records, more) => {
      const body = Buffer.from(`{"more":${more},"orders":[${records.join(',')}],"cursor":"é"}`);
      const { json } = expectList(answerOf(body), { what: 'the list' }, ['orders']);
      expect(json).toEqual({ ...(JSON.parse(body.toString()) as object), orders: [] });
    }),
  );
});

it.each([
  ['a record is cut in the middle', '{"orders":[{"id":"a"},{"id":"b"', 'breaks off'],
  ['a record is no JSON', '{"orders":[{"id":"a"},{id:"b"}]}', 'not JSON'],
  ['what stands around them is no JSON', '{"orders":[{"id":"a"}],"cursor":c}', 'not JSON'],
  ['something follows', '{"orders":[]} []', 'not JSON'],
])('an answer is refused where %s', async (_, text, words) => {
  await expect(taken(Buffer.from(text))).rejects.toMatchObject({
    code: 'answer-not-json',
    message: expect.stringContaining(words) as string,
  });
});

it('an answer is refused where a record is not UTF-8', async () => {
  const body = Buffer.concat([Buffer.from('{"orders":[{"id":"'), Buffer.from([0xff]), Buffer.from('"}]}')]);
  await expect(taken(body)).rejects.toMatchObject({
    code: 'answer-not-json',
    message: expect.stringContaining('not valid UTF-8') as string,
  });
});
