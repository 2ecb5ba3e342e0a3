import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase, type Database } from '../../src/database/database';
import { FileStore } from '../../src/landing/file-store';
import { RowReader } from '../../src/load/row';
import type { Sandbox } from '../../src/sandbox';
import { sources } from '../../src/sources';
import type { EntityLookup } from '../../src/verify/deep/deep-entity';
import type { ReaderOf } from '../../src/verify/deep/loader';
import { verifyDeep, type Oracle, type VerifyDeepOptions, type VerifyDeepResult } from '../../src/verify/deep/verify-deep';
import { copyDatabase } from '../support/database-copy';
import { testContext } from '../support/test-context';

export const lookup: EntityLookup = (_pipeline, entity) => {
  const { entities, zone } = sources['zoho-books'];
  const definition = Object.hasOwn(entities, entity) ? entities[entity as keyof typeof entities] : undefined;
  return Promise.resolve(definition === undefined ? null : { definition, zone });
};
export const readerOf: ReaderOf = (columns, definition, zone) => new RowReader(columns, definition, zone);

/** The sandbox's own state, read past freshet's client: details where a record is a detail, list rows elsewhere. */
export function sandboxOracle(sandbox: Sandbox): Oracle {
  return {
    async *records(_pipeline, entity) {
      for (const record of sandbox.control.truth(entity as 'contacts' | 'items' | 'invoices')) {
        yield { id: record.id, json: entity === 'invoices' ? record.detail : record.row };
      }
    },
  };
}

/** A copy of an installation's database and landing, free to be spoilt. */
export interface TrueCopy {
  readonly db: Database;
  readonly landing: FileStore;
  /** Folder of landing. */
  readonly folder: string;
  deep(options?: VerifyDeepOptions): Promise<VerifyDeepResult>;
  close(): Promise<void>;
}

/** Ends the connections of the database that is copied. */
export async function trueCopy(databaseUrl: string, landingFolder: string): Promise<TrueCopy> {
  const { url, drop } = await copyDatabase(databaseUrl);
  const folder = mkdtempSync(join(tmpdir(), 'freshet-copy-'));
  cpSync(landingFolder, folder, { recursive: true });
  const db = openDatabase({ url, poolSize: 2 });
  const landing = new FileStore(folder);
  return {
    db,
    landing,
    folder,
    deep: (options = {}) => verifyDeep({ db, landing, lookup, readerOf }, options, testContext()),
    async close() {
      await db.close();
      rmSync(folder, { recursive: true, force: true });
      await drop();
    },
  };
}
