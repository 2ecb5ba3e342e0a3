import type { Database } from '../../src/database/database';
import { deepEntities } from '../../src/verify/deep/deep-entity';
import { checkTyped } from '../../src/verify/deep/typed';
import { Findings } from '../../src/verify/deep/violation';
import { snapshot } from '../../src/verify/snapshot';
import { testContext } from '../support/test-context';

/** What `verify --deep` says of the typed tables of a pipeline, or of all, where the raw rows were written by the test and no landing tells of them. */
export async function typedFindings(db: Database, pipeline?: string): Promise<string[]> {
  const findings = new Findings();
  await snapshot(db, testContext(), async (tx) => {
    for (const entity of await deepEntities(tx, () => Promise.resolve(null), { pipeline })) await checkTyped(tx, findings, entity);
  });
  return findings.violations.map(({ name, where, message, sample }) => `${name} ${where}: ${message} ${sample[0] ?? ''}`);
}
