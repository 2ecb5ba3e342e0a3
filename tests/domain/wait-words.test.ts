import { ANYONE, timeWords, waitReason, waitWords, type Reader } from '../../src/domain/wait-words';

const until = (wait_until: string | null) => ({ wait_reason: 'waiting for Zoho', wait_until });
const here = (now: string, zone = 'UTC'): Reader => ({ now, zone, named: false });

describe('the words of a wait', () => {
  it.each([
    ['today', until('2026-11-22T14:32:10.000000Z'), here('2026-11-22T14:01:00Z'), 'waiting for Zoho until 14:32'],
    ['another day', until('2026-11-23T00:01:00.000000Z'), here('2026-11-22T14:01:00Z'), 'waiting for Zoho until 2026-11-23 00:01'],
    ['in the reader’s zone', until('2026-11-22T14:32:10Z'), here('2026-11-22T14:01:00Z', 'Europe/Berlin'), 'waiting for Zoho until 15:32'],
    [
      'whose today is another',
      until('2026-11-22T23:30:00Z'),
      here('2026-11-22T22:00:00Z', 'Europe/Berlin'),
      'waiting for Zoho until 2026-11-23 00:30',
    ],
    [
      'or still the same',
      until('2026-11-23T02:00:00Z'),
      here('2026-11-22T20:00:00Z', 'America/Los_Angeles'),
      'waiting for Zoho until 18:00',
    ],
    [
      'whose clocks change before',
      until('2026-10-25T03:00:00Z'),
      here('2026-10-25T00:30:00Z', 'Europe/Berlin'),
      'waiting for Zoho until 04:00',
    ],
    ['for anyone', until('2026-11-22T14:32:10Z'), ANYONE, 'waiting for Zoho until 2026-11-22 14:32 UTC'],
    [
      'in a named zone',
      until('2026-11-22T14:32:10Z'),
      { ...ANYONE, zone: 'Asia/Kolkata' },
      'waiting for Zoho until 2026-11-22 20:02 Asia/Kolkata',
    ],
    ['without an end', until(null), here('2026-11-22T14:01:00Z'), 'waiting for Zoho'],
    ['that is none', { wait_reason: null, wait_until: null }, ANYONE, ''],
  ] as const)('%s', (_, wait, reader, words) => expect(waitWords(wait, reader)).toBe(words));

  it('put the time before the cause', () => {
    const wait = { wait_reason: waitReason('Zoho Books', 'quota_exhausted'), wait_until: '2026-11-22T14:32:10Z' };
    expect(waitWords(wait, here('2026-11-22T14:01:00Z'))).toBe('waiting for Zoho Books until 14:32: its calls of the day are used up');
    expect(waitReason('Zoho Books', 'rate_limited')).toBe('waiting for Zoho Books: its limit of requests is reached');
    expect(waitReason('Zoho Books', 'transient_error')).toBe('waiting for Zoho Books');
  });

  it('cut seconds, never round up', () => expect(timeWords('2026-11-22T14:59:59.999999Z', ANYONE)).toBe('2026-11-22 14:59 UTC'));
});
