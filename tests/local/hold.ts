import fc from 'fast-check';
import type { Database } from '../../src/database/database';
import type { Played, Playing } from './play-schedule';
import type { Schedule } from './schedule';

export interface Holding {
  readonly db: Database;
  /** Begins the names of the pipelines; distinct within the database. */
  readonly prefix: string;
  readonly schedules: fc.Arbitrary<Schedule>;
  readonly play: (playing: Playing, schedule: Schedule) => Promise<Played>;
  readonly seed: number;
  readonly count: number;
  /** Schedules are played in so many lanes at once, each with a seed of its own. */
  readonly lanes: number;
}

export interface Held {
  readonly schedules: number;
  readonly runs: number;
}

/**
 * Plays schedules and throws at the first that does not hold, with its seed, its shrunk history and what went wrong. To replay one,
 * paste the printed seed and path into the lane's `fc.assert`, or the history itself into a test.
 */
export async function hold(holding: Holding): Promise<Held> {
  const lanes = Array.from({ length: holding.lanes }, (_, lane) => holdLane(holding, lane));
  const held = await Promise.all(lanes);
  return { schedules: held.reduce((sum, lane) => sum + lane.schedules, 0), runs: held.reduce((sum, lane) => sum + lane.runs, 0) };
}

async function holdLane({ db, prefix, schedules, play, seed, count, lanes }: Holding, lane: number): Promise<Held> {
  let [made, runs] = [0, 0];
  const numRuns = Math.floor(count / lanes) + (lane < count % lanes ? 1 : 0);
  await fc.assert(
    fc.asyncProperty(schedules, async (schedule) => {
      const played = await play({ db, name: `${prefix}-${lane}-${++made}` }, schedule);
      runs += played.runs;
      if (played.problems.length > 0) throw new Error(played.problems.slice(0, 12).join('\n'));
    }),
    {
      seed: seed + lane,
      numRuns,
      interruptAfterTimeLimit: SHRINK_LIMIT_MS * numRuns,
      endOnFailure: process.env['FRESHET_NO_SHRINKING'] === '1',
    },
  );
  return { schedules: made, runs };
}

/** Shrinking ends when the schedules of a lane have taken this long on average: a failure is told before the test's own time is up. */
const SHRINK_LIMIT_MS = 40_000;
