import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';

import { createCollectingLog, silentLog } from '../../src/observability/collecting-log';
import { createLog, logStyle, lowerLevel, type LogOptions } from '../../src/observability/create-log';

function capture(options: Partial<LogOptions> = {}) {
  const lines: string[] = [];
  const log = createLog({ level: 'debug', destination: { write: (line: string) => lines.push(line) }, ...options });
  return { log, lines };
}

test('a statement is one JSON line with id, component, level, filled text and facts', () => {
  const { log, lines } = capture();
  log.child({ run: 'R1' })('CF-001', { notice: 'look here' });
  expect(lines).toHaveLength(1);
  const { time, ...line } = JSON.parse(lines[0]!) as Record<string, unknown>;
  expect(Date.parse(String(time))).not.toBeNaN();
  expect(line).toEqual({ level: 'warn', id: 'CF-001', component: 'config', run: 'R1', notice: 'look here', text: 'look here' });
});

test('facts cannot take the place of what the line itself says', () => {
  const { log, lines } = capture();
  log('CF-001', { notice: 'n', level: 'error', id: 'EX-999', time: 0 });
  expect(JSON.parse(lines[0]!)).toMatchObject({ level: 'warn', id: 'CF-001', level_: 'error', id_: 'EX-999', time_: 0 });
});

test('whatever a value holds, a record stays one line of JSON without control and direction characters', () => {
  const nasty = fc.string({
    unit: fc.oneof(
      fc.constantFrom('\r', '\n', '\u001b', '\u009b', '\u202e', '\u2028', '\u0000', '\ud800', '"'),
      fc.string({ minLength: 1, maxLength: 1 }),
    ),
  });
  fc.assert(
    fc.property(nasty, nasty, fc.boolean(), (name, value, pretty) => {
      const { log, lines } = capture({ pretty });
      log('CF-001', { notice: value, [name]: value });
      expect(lines).toHaveLength(1);
      expect(lines[0]!.endsWith('\n')).toBe(true);
      expect(lines[0]!.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/);
      if (!pretty) JSON.parse(lines[0]!);
    }),
  );
});

test('a huge value is cut and says how long it was', () => {
  const { log, lines } = capture();
  log('CF-001', { notice: 'x'.repeat(1_000_000) });
  expect(lines[0]!.length).toBeLessThan(10_000);
  expect(lines[0]).toContain('characters)');
});

test('levels hold back what is below them, a component can have its own', () => {
  const quiet = capture({ level: 'warn' });
  quiet.log('CF-002', {});
  quiet.log('CF-001', { notice: 'n' });
  expect(quiet.lines).toHaveLength(1);
  const talkative = capture({ level: 'error', componentLevels: { config: 'debug' } });
  talkative.log('CF-002', {});
  expect(talkative.lines).toHaveLength(1);
  expect([lowerLevel('warn', 1), lowerLevel('info', 1), lowerLevel('info', 5), lowerLevel('error', 0)]).toEqual([
    'info',
    'debug',
    'debug',
    'error',
  ]);
});

test('people get a short line with the remedy, in colour only where asked', () => {
  const plain = capture({ pretty: true });
  plain.log('CF-001', { notice: 'look here', entity: 'invoices' });
  expect(plain.lines[0]).toMatch(/^\d\d:\d\d:\d\d warn {2}CF-001 look here entity=invoices → Correct the name/);
  const coloured = capture({ pretty: true, colour: true });
  coloured.log('CF-001', { notice: 'n' });
  expect(coloured.lines[0]).toContain('\u001b[33mwarn');
});

test('a terminal gets short lines, a pipe gets JSON, NO_COLOR takes the colour away', () => {
  expect(logStyle('auto', { isTTY: true }, {})).toEqual({ pretty: true, colour: true });
  expect(logStyle('auto', { isTTY: true }, { NO_COLOR: '1' })).toEqual({ pretty: true, colour: false });
  expect(logStyle('auto', {}, {})).toEqual({ pretty: false, colour: false });
  expect(logStyle('always', {}, {})).toEqual({ pretty: true, colour: false });
  expect(logStyle('never', { isTTY: true }, {})).toMatchObject({ pretty: false });
});

test('a file is made with its folder and appended to', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'freshet-log-')), 'logs', 'run.log');
  for (const notice of ['one', 'two']) createLog({ level: 'info', destination: { file } })('CF-001', { notice });
  expect(readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(2);
});

test('a collecting log keeps lines, a silent one swallows them', () => {
  const { log, lines } = createCollectingLog();
  log.child({ entity: 'items' })('CF-001', { notice: 'n' });
  silentLog.child({})('CF-001', { notice: 'n' });
  expect(lines).toEqual([{ id: 'CF-001', level: 'warn', component: 'config', text: 'n', facts: { entity: 'items', notice: 'n' } }]);
});
