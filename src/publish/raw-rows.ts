import { escapeLiteral } from 'pg';
import { ident } from '../database/identifier';
import type { Mapping } from './mapping/mapping';
import type { PublishInput } from './publish-input';
import type { TypedTable } from './typed-table';

/** Which rows of the raw table one pass goes through. */
export type Pass =
  | { readonly kind: 'changes'; readonly above: string; readonly upto: string }
  /** Every row, in the order of ids, from where an earlier attempt stood. */
  | { readonly kind: 'full'; readonly upto: string; readonly afterId: string | null }
  /** Records that were put off. */
  | { readonly kind: 'again' };

/** A row of the raw table as `COPY` gives it. */
export interface RawRow {
  readonly id: string;
  readonly batch: string;
  readonly gone: boolean;
  /** When the record changed at the source: its own instant, else when it was fetched. */
  readonly instant: string | null;
  readonly fetched: string;
  /** Of the record's bytes as landed (hex); `null`: nobody asked for it. */
  readonly hash: string | null;
  readonly cells: readonly (string | null)[];
}

export interface RowsWanted {
  readonly mapping: Mapping;
  readonly typed: TypedTable;
  /** Whether records are to be found again in landing. */
  readonly hashes: boolean;
}

/**
 * What is done is left out by the companion, so a pass that was killed goes on where it stood, in whatever order rows come. They come as they
 * lie in the raw table, so that those of one chunk lie together in the typed table, too: a hash join that does not fit into memory would
 * scatter them, and every chunk would touch most pages.
 */
export function rawRowsSql(input: PublishInput, { mapping, typed, hashes }: RowsWanted, pass: Pass): string {
  const since = input.since === undefined ? '' : `r.fetched_at >= ${escapeLiteral(input.since)} and `;
  const cells = mapping.sourceColumns.map((name) => `r.${ident(name)}`);
  const columns = [
    ...['r.id', 'r.batch_no', 'r.deleted_at is not null', 'coalesce(r.source_instant, r.fetched_at)', 'r.fetched_at'],
    hashes ? `encode(r.source_hash, 'hex')` : 'null',
    ...cells,
  ];
  const select = `select ${columns.join(', ')} from ${ident(input.raw.schema, input.raw.table)} r`;
  if (pass.kind === 'again') {
    return `${select} join freshet.publish_pending q on q.record_id = r.id
             where ${since}q.pipeline = ${escapeLiteral(input.pipeline)} and q.entity = ${escapeLiteral(input.entity)}`;
  }
  if (pass.kind === 'full') {
    const after = pass.afterId === null ? '' : `r.id > ${escapeLiteral(pass.afterId)} and `;
    return `${select} where ${since}${after}r.batch_no <= ${BigInt(pass.upto)} order by r.id`;
  }
  return `${select} left join lateral (select c.freshet_batch from ${typed.companion} c where c.freshet_id = r.id offset 0) b on true
           where ${since}r.batch_no > ${BigInt(pass.above)} and r.batch_no <= ${BigInt(pass.upto)}
             and (b.freshet_batch is null or b.freshet_batch < r.batch_no)`;
}

const OWN = 6;

export function rawRow(line: readonly (string | null)[]): RawRow {
  const [id, batch, gone, instant, fetched, hash] = line;
  if (typeof id !== 'string' || typeof batch !== 'string' || typeof fetched !== 'string')
    throw new RangeError(`a row of the raw table came without its first ${OWN} columns`);
  return { id, batch, gone: gone === 't', instant: instant ?? null, fetched, hash: hash ?? null, cells: line.slice(OWN) };
}
