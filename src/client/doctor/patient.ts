import type { LoadedSettings } from '../../config/load-settings';
import { timeoutsOf } from '../open-database';
import { openDatabase, type Database } from '../../database/database';
import { databaseUrlOf, temporalAddressOf } from '../addresses';
import { atOwnAddress } from '../database-address';
import { connectTemporal, type TemporalLink } from '../temporal/connect-temporal';
import type { Patient } from './check';
import { appliedMigrations, judgeMigrations } from './postgres';

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

/** Opens what can be opened, lets `body` look, and closes it again. What does not answer is part of the picture, not an error. */
export async function withPatient<T>(loaded: LoadedSettings, body: (patient: Patient) => Promise<T>): Promise<T> {
  const [db, temporal] = await Promise.all([reachDatabase(loaded), reachTemporal(loaded)]);
  try {
    const migrated = !(db instanceof Error) && judgeMigrations(await appliedMigrations(db)).verdict === 'ok';
    return await body({ loaded, db, temporal, migrated });
  } finally {
    if (!(db instanceof Error)) await db.close();
    if (!(temporal instanceof Error)) await temporal.close();
  }
}

async function reachDatabase(loaded: LoadedSettings): Promise<Database | Error> {
  const { settings } = loaded;
  try {
    const db = openDatabase({ url: databaseUrlOf(settings), poolSize: 2, ...timeoutsOf(settings) });
    try {
      await db.query('select 1');
      return db;
    } catch (error) {
      await db.close();
      throw error;
    }
  } catch (error) {
    return asError(atOwnAddress(error, loaded));
  }
}

async function reachTemporal({ settings }: LoadedSettings): Promise<TemporalLink | Error> {
  try {
    return await connectTemporal({ ...settings.temporal, address: temporalAddressOf(settings) });
  } catch (error) {
    return asError(error);
  }
}
