import { ident } from '../database/identifier';
import { castSql } from '../sources/column-join';
import type { ColumnType } from '../sources/source';
import type { Mapping, Target } from './mapping/mapping';

/** Columns of a typed table that are freshet's own: whose record a row is (NULL: a person's), when it was written, when a person last edited it. */
const OWN_COLUMNS = [
  'source_id text unique',
  'created_at timestamptz not null default now()',
  'updated_at timestamptz not null default now()',
  'edited_at timestamptz',
  'deleted_at timestamptz',
];

/** Both tables. */
export function createTypedSql(name: string, companion: string, { targets, uniqueField }: Mapping): string[] {
  const fields = targets.map(({ name: column, type }) => `${ident(column)} ${type}`);
  return [
    `create table ${name} (${[...fields, ...OWN_COLUMNS, `primary key (${ident(uniqueField)})`].join(', ')}) with (fillfactor = 50)`,
    `create table ${companion} (freshet_id text primary key, freshet_batch bigint not null, freshet_state text not null check (freshet_state in ('none', 'live', 'deleted'))${fields.map((field) => `, ${field}`).join('')}) with (fillfactor = 50)`,
  ];
}

/** Publish says of itself that it publishes; whoever else changes a row, dates it. */
export function noteEditsSql(name: string): string {
  return `create trigger freshet_note_edit before insert or update on ${name} for each row
            when (current_setting('freshet.publishing', true) is distinct from 'on') execute function freshet.note_edit()`;
}

export interface ColumnChanges {
  readonly added: readonly Target[];
  readonly widened: readonly Target[];
  readonly before: ReadonlyMap<string, ColumnType>;
}

export function alterColumnsSql(name: string, { added, widened, before }: ColumnChanges): string {
  const actions = [
    ...added.map((column) => `add column if not exists ${ident(column.name)} ${column.type}`),
    ...widened.map(({ name: column, type }) => {
      const quoted = ident(column);
      return `alter column ${quoted} type ${type} using ${castSql(quoted, before.get(column)!, type)}`;
    }),
  ];
  return `alter table ${name} ${actions.join(', ')}`;
}
