import { parse } from 'yaml';
import { publishSchema, type PublishSettings } from '../../src/config/schema/publish';
import { compileMapping, type MappingContext } from '../../src/publish/mapping/compile-mapping';
import type { Cell, Finding, Mapping, RawColumn } from '../../src/publish/mapping/mapping';
import type { ColumnType } from '../../src/sources/source';

/** `publish:` of a pipeline file from YAML; table and unique field are given where the text leaves them out. */
export function publishOf(yaml: string): PublishSettings {
  return publishSchema.parse({ table: 'things', unique_field: 'sku', ...(parse(yaml) as object) });
}

/** Raw columns from `field: type`; their names are the fields in lower case. */
export function rawOf(fields: Readonly<Record<string, ColumnType>>): RawColumn[] {
  return Object.entries(fields).map(([field, type]) => ({ field, name: field.toLowerCase(), type }));
}

export interface Compiled {
  readonly mapping: Mapping;
  /** Maps a record given by its fields; answers with the targets by name. */
  map(record: Readonly<Record<string, Cell>>, looked?: readonly Cell[]): { row: Record<string, Cell>; findings: readonly Finding[] };
}

export function compiled(yaml: string, fields: Readonly<Record<string, ColumnType>>, context: Partial<MappingContext> = {}): Compiled {
  const raw = rawOf(fields);
  const mapping = compileMapping(publishOf(yaml), raw, { zone: 'UTC', published: {}, ...context });
  const fieldOf = new Map(raw.map(({ field, name }) => [name, field]));
  return {
    mapping,
    map: (record, looked) => {
      const source = mapping.sourceColumns.map((name) => record[fieldOf.get(name)!]);
      const { cells, findings } = mapping.map(source, looked);
      return { row: Object.fromEntries(mapping.targets.map(({ name }, at) => [name, cells[at]])), findings };
    },
  };
}
