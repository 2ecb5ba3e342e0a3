import { appendFileSync } from 'node:fs';
import { testDatabase } from '../support/database';
import { legacy4dStand } from './legacy-4d-stand';
import { season } from './season';
import { squareStand } from './square-stand';
import type { Stand } from './stand';
import { zohoStand } from './zoho-stand';

/** `npm run soak -- --sources` (scripts/soak-sources.mjs): seasons of 25 runs, in turn of every source; each goes as a line where FRESHET_SOAK_RESULT says. */
const RUNS = Number(process.env['FRESHET_SOAK_RUNS'] ?? 200);
const SEED = Number(process.env['FRESHET_SOAK_SEED'] ?? Date.now() % 2_000_000_000);
const SEASON = 25;
const STANDS: readonly ((url: string, seed: number) => Promise<Stand>)[] = [
  zohoStand,
  squareStand,
  (url, seed) => legacy4dStand(url, seed),
  (url, seed) => legacy4dStand(url, seed, false),
];

const seasons = Array.from({ length: Math.ceil(RUNS / SEASON) }, (_, n) => ({
  n: n + 1,
  seed: SEED + n,
  open: STANDS[n % STANDS.length]!,
  database: testDatabase(),
}));

test.each(seasons)(
  'season $n, seed $seed',
  async ({ seed, open, database }) => {
    const stand = await open(database.url, seed);
    try {
      const began = Date.now();
      const played = { ...(await season(stand, seed, SEASON)), seed, seconds: Math.round((Date.now() - began) / 1000) };
      const file = process.env['FRESHET_SOAK_RESULT'];
      if (file !== undefined) appendFileSync(file, `${JSON.stringify(played)}\n`);
      expect(played.problems).toEqual([]);
    } finally {
      await stand.at.close();
    }
  },
  SEASON * 60_000,
);
