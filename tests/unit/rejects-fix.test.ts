import fc from 'fast-check';
import { readFixes, rejectsCsv } from '../../src/client/rejects-csv';
import { fixRecord, parsed } from '../../src/client/rejects-fix';
import type { JsonObject } from '../../src/json/decode';

const fixed = (landed: string | null, fix: string): string => {
  const result = fixRecord(fix, landed === null ? null : (parsed(landed) as JsonObject));
  return result.ok ? result.text : result.problem;
};

test.each([
  // The examples of RFC 7396, appendix A, where both sides are objects.
  ['{"a":"b"}', '{"a":"c"}', '{"a":"c"}'],
  ['{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'],
  ['{"a":"b"}', '{"a":null}', '{}'],
  ['{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'],
  ['{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'],
  ['{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'],
  ['{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'],
  ['{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'],
  ['{"e":null}', '{"a":1}', '{"e":null,"a":1}'],
  ['{}', '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'],
  // What is ours.
  ['{"a":1,"n":12345678901234567890.10}', '{"a":1e400}', '{"a":1e400,"n":12345678901234567890.10}'],
  ['{"a":1,"b":2}', '{"$record":{"b":3}}', '{"b":3}'],
  ['{"a":1}', '{"$record":{"b":3},"c":1}', '{"a":1,"$record":{"b":3},"c":1}'],
  ['{"__proto__":{"x":1},"a":1}', '{"__proto__":{"y":2}}', '{"__proto__":{"x":1,"y":2},"a":1}'],
  [null, '{"a":1}', '{"a":1}'],
])('%s with the fix %s becomes %s', (landed, fix, record) => {
  expect(fixed(landed, fix)).toBe(record);
});

test.each([
  ['a', 'fix is no JSON'],
  ['[1]', 'fix is no JSON object'],
  ['"a"', 'fix is no JSON object'],
  ['{"$record":[]}', '$record is no JSON object'],
])('the fix %s is refused: %s', (fix, problem) => {
  expect(fixed('{}', fix)).toBe(problem);
});

const reject = (id: string, record: string) => ({
  id,
  pipeline: 'p',
  entity: 'e',
  record_id: '=1+1',
  reasons: [{ rule: 'enum', field: 'f', message: 'it is "so", and\nso' }],
  record,
});

test('an export that is not filled in asks for nothing, and a cell that begins like a formula is none', async () => {
  const csv = await rejectsCsv([reject('1', '{}'), reject('2', '{"a":"x;y,\\n\\"z\\""}')]);
  expect(csv).toContain(`,'=1+1,`);
  expect(await readFixes(csv)).toEqual({ fixes: [], untouched: 2, mistakes: [] });
});

test('whatever is written into the column fix is read as it was written', async () => {
  const rows = fc.array(fc.tuple(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' })), { minLength: 1, maxLength: 5 });
  const quoted = (cell: string): string => `"${cell.replaceAll('"', '""')}"`;
  await fc.assert(
    fc.asyncProperty(rows, fc.constantFrom(',', ';', '\t'), async (pairs, separator) => {
      const lines = pairs.map(([other, fix], index) => [String(index + 1), quoted(other), quoted(fix)].join(separator));
      const { fixes, untouched, mistakes } = await readFixes([['reject_id', 'reasons', 'fix'].join(separator), ...lines].join('\n'));
      expect(mistakes).toEqual([]);
      expect(untouched + fixes.length).toBe(pairs.length);
      const wanted = pairs.flatMap(([, fix], index) => (fix.trim() === '' ? [] : [{ rejectId: String(index + 1), fix: fix.trim() }]));
      expect(fixes.map(({ rejectId, fix }) => ({ rejectId, fix }))).toEqual(wanted);
    }),
  );
});

test.each([
  ['', 'line 1: the columns reject_id and fix are not both there'],
  ['id,fix\n1,{}', 'line 1: the columns reject_id and fix are not both there'],
  ['reject_id,fix\n1,"{', 'no table of comma-separated values: '],
])('the file %j is no import', async (text, mistake) => {
  expect((await readFixes(text)).mistakes).toEqual([expect.stringContaining(mistake)]);
});
