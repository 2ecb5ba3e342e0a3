import { legacy4dStand } from '../soak/legacy-4d-stand';
import { season } from '../soak/season';
import { squareStand } from '../soak/square-stand';
import { zohoStand } from '../soak/zoho-stand';
import { testDatabase } from '../support/database';

/** Issue C1, proof 2: runs while the sources edit, delete, delay and fail. 20 in CI; `npm run soak -- --sources` plays 200. */
const SEED = Number(process.env['FRESHET_SOAK_SEED'] ?? 20_261_123);
const stands = [
  { name: 'Zoho', stand: zohoStand, runs: 7, database: testDatabase() },
  { name: 'Square', stand: squareStand, runs: 6, database: testDatabase() },
  { name: '4D', stand: legacy4dStand, runs: 7, database: testDatabase() },
];

test.each(stands)(
  '%s',
  async ({ stand, runs, database }) => {
    const at = await stand(database.url, SEED);
    try {
      const played = await season(at, SEED, Number(process.env['FRESHET_SOAK_RUNS'] ?? runs));
      process.stderr.write(`${JSON.stringify({ ...played, problems: played.problems.length })}\n`);
      expect(played.problems).toEqual([]);
    } finally {
      await at.at.close();
    }
  },
  300_000,
);
