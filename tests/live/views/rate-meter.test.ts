import { RateMeter } from '../../../src/client/live/rate-meter';
import { entity } from './runs';

const at = (second: number): string => new Date(Date.UTC(2026, 10, 22, 14, 0, second)).toISOString();
const going = (fetched: number) => entity({ entity: 'invoices', state: 'extracting', fetched, started_at: at(0) });

describe('the rate', () => {
  it('is that of the last ten seconds, not of the whole time', () => {
    const meter = new RateMeter();
    const rates = [0, 5, 10, 15, 20].map((second) => meter.rate(going(second <= 10 ? 10 * second : 100 + 40 * (second - 10)), at(second)));
    expect(rates).toEqual([null, 10, 10, 25, 40]);
  });

  it('falls to nothing while nothing comes', () => {
    const meter = new RateMeter();
    expect([0, 6, 12].map((second) => meter.rate(going(60), at(second)))).toEqual([null, 0, 0]);
  });

  it('of the end is that of all its time', () => {
    const done = entity({ entity: 'invoices', state: 'completed', fetched: 90, started_at: at(0), completed_at: at(30) });
    expect(new RateMeter().rate(done, at(59))).toBe(3);
  });

  it('counts what is listed until the first detail came', () => {
    const listing = entity({ entity: 'invoices', state: 'extracting', listed: 400, started_at: at(0) });
    expect(new RateMeter().rate(listing, at(2))).toBe(200);
    expect(new RateMeter().rate({ ...listing, remaining: 400 }, at(2))).toBeNull();
  });
});
