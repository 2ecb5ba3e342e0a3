import { resolve } from 'node:path';
import type { Database, Tx } from '../database/database';
import type { StageContext } from '../observability/stage-context';
import type { ComparedSide, SideOf } from './comparison';
import { stageCsv } from './csv-side';
import { stageOther } from './other-database-side';
import { columnsOf, queryError, single, stageTable } from './postgres-side';
import { sideLabel, type DatabaseAddress } from './side-name';
import type { StagedSide } from './staged-side';

export interface SideDeps {
  /** Where relative paths begin. */
  readonly root: string;
  /** Opens another PostgreSQL; whoever calls it closes it. Errors: `secret-missing`. */
  readonly open: (address: DatabaseAddress) => Database;
}

export interface Staged {
  readonly side: StagedSide;
  /** Reads a query into its temporary table: once the transaction that sees one state of everything has begun. */
  readonly fill: (() => Promise<void>) | null;
}

/** Makes a side readable by SQL. Tables of this database are read where they are; everything else is copied into a temporary table. */
export async function stageSide(
  tx: Tx,
  which: SideOf,
  compared: ComparedSide,
  { ctx, ...deps }: SideDeps & { readonly ctx: StageContext },
): Promise<Staged> {
  const { name, zone = 'UTC', delimiter } = compared;
  const table = `pg_temp.freshet_${which}`;
  const label = sideLabel(name);
  const place = { label, zone };
  switch (name.kind) {
    case 'table':
      return { side: await stageTable(tx, name.table, label, zone), fill: null };
    case 'query':
      return stageQuery(tx, table, name.select, place);
    case 'csv': {
      const file = { ...place, path: resolve(deps.root, name.path), ...(delimiter === undefined ? {} : { delimiter }) };
      return analyzed(tx, await stageCsv(tx, table, file, ctx));
    }
    case 'sqlite': {
      // SQLite itself is loaded only by who reads it.
      const { stageSqlite } = await import('./sqlite-side');
      return analyzed(tx, await stageSqlite(tx, table, { ...place, path: resolve(deps.root, name.path), of: name.of }, ctx));
    }
    case 'database': {
      const other = deps.open(name.address);
      try {
        return await analyzed(tx, await stageOther(tx, table, { ...place, of: name.of, other }, ctx));
      } finally {
        await other.close();
      }
    }
  }
}

/** Without it the planner takes a table of a million rows for an empty one. */
async function analyzed(tx: Tx, side: StagedSide): Promise<Staged> {
  await tx.query(`analyze ${side.relation}`);
  return { side, fill: null };
}

/** A query is asked once, and its rows are kept: every figure of the comparison is about the same ones. */
async function stageQuery(tx: Tx, table: string, select: string, { label, zone }: Pick<StagedSide, 'label' | 'zone'>): Promise<Staged> {
  const from = `(${select}\n)`;
  const columns = await columnsOf(tx, from, label);
  const refused = (error: unknown): never => {
    throw queryError(error, label);
  };
  await single(tx, `create temp table ${table.replace('pg_temp.', '')} as select * from ${from} s with no data`).catch(refused);
  const side: StagedSide = { label, relation: table, columns, primaryKey: [], zone, withoutNull: false, leftOut: null };
  return { side, fill: async () => void (await single(tx, `insert into ${table} select * from ${from} s`).catch(refused)) };
}
