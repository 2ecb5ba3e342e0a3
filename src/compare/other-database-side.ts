import { pipeline } from 'node:stream/promises';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import type { Database, Tx } from '../database/database';
import type { StageContext } from '../observability/stage-context';
import { columnsOf, queryError, relationOf } from './postgres-side';
import type { Relation } from './side-name';
import { textColumns, type StagedColumn, type StagedSide } from './staged-side';

export interface OtherPlace {
  readonly other: Database;
  readonly of: Relation;
  readonly label: string;
  readonly zone: string;
}

/** Copies a table or query of another PostgreSQL into a temporary table, as text, out of one transaction that only reads. Errors: `compare-side-missing`, `compare-query`. */
export async function stageOther(tx: Tx, table: string, place: OtherPlace, ctx: StageContext): Promise<StagedSide> {
  return place.other.session({ site: 'compare.other', ctx }, async (there) => {
    await there.query('begin transaction isolation level repeatable read read only');
    const { from, primaryKey } = await relationOf(there, place.of);
    const found = await columnsOf(there, from, place.label);
    const columns = textColumns(found.map(({ name, kind }) => ({ name, kind: kind === 'json' ? 'text' : kind })));
    await tx.query(`create temp table ${table} (${columns.map(({ sql }) => `${sql} text`).join(', ')})`);
    const source = there.client.query(copyTo(`copy (select ${found.map(asText).join(', ')} from ${from} s) to stdout`));
    await pipeline(source, tx.client.query(copyFrom(`copy ${table} from stdin`)), { signal: ctx.signal }).catch((error: unknown) => {
      throw queryError(error, place.label);
    });
    await there.query('commit');
    return { label: place.label, relation: table, columns, primaryKey, zone: place.zone, withoutNull: false, leftOut: null };
  });
}

function asText({ sql, kind }: StagedColumn): string {
  return kind === 'json' ? `s.${sql}::jsonb::text` : `s.${sql}::text`;
}
