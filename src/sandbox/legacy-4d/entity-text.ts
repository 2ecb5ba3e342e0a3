import { jsonText, keyText, scalarText } from '../json-text';
import { relatedIndex } from './access';
import type { Tables } from './access';
import { GLOBAL_STAMP } from './data-class';
import type { Attribute, RelatedEntities, RelatedEntity } from './data-class';
import { wireDate } from './days';
import type { DateEncoding } from './days';
import type { RecordTable } from './record-table';
import { WHOLE } from './shape';
import type { Shape } from './shape';

export interface Encoding {
  readonly dates: DateEncoding;
  /** How an empty date is written. */
  readonly emptyDate: string | null;
}

/** Writes entities as lists and single calls show them. Keys and names need no escaping: digits, and letters of ours. */
export class EntityWriter {
  constructor(
    private readonly tables: Tables & { shownStamp(): number },
    private readonly encoding: Encoding,
  ) {}

  /** `{"__KEY":"1","__TIMESTAMP":…,"__STAMP":1,…}` */
  entity(table: RecordTable, index: number, shape: Shape): string {
    const { names } = shape;
    const shows = (name: string): boolean => names === undefined || names.has(name);
    let text = `{"__KEY":"${table.keyOf(index)}","__TIMESTAMP":"${new Date(table.modified(index)).toISOString()}"`;
    text += `,"__STAMP":${table.saves(index)}`;
    if (this.tables.tracked(table.dataClass.name) && shows(GLOBAL_STAMP)) text += `,"${GLOBAL_STAMP}":${table.globalStamp(index)}`;
    for (const attribute of table.dataClass.attributes) {
      if (shows(attribute.name)) text += `,${keyText(attribute.name)}${this.#valueText(table, index, attribute, shape)}`;
    }
    return `${text}}`;
  }

  /** `"__COUNT":…,"__SENT":…,"__FIRST":…,"__ENTITIES":[…]` */
  entities(
    table: RecordTable,
    indices: readonly number[],
    about: { readonly count: number; readonly first: number; readonly shape: Shape },
  ): string {
    const rows = indices.map((index) => this.entity(table, index, about.shape)).join(',');
    const stamp = this.#stampText();
    return `${stamp}"__COUNT":${about.count},"__SENT":${indices.length},"__FIRST":${about.first},"__ENTITIES":[${rows}]`;
  }

  #stampText(): string {
    const stamp = this.tables.shownStamp();
    return stamp === 0 ? '' : `"${GLOBAL_STAMP}":${stamp},`;
  }

  #valueText(table: RecordTable, index: number, attribute: Attribute, shape: Shape): string {
    if (attribute.kind === 'relatedEntity') return this.#relatedEntity(table, index, attribute, shape.expanded.get(attribute.name));
    if (attribute.kind === 'relatedEntities') return this.#relatedEntities(table, index, attribute, shape.expanded.get(attribute.name));
    const value = table.value(index, attribute.name);
    if (attribute.type === 'date') return jsonText(wireDate(value, this.encoding.dates, this.encoding.emptyDate));
    return attribute.type === 'image' && value === true ? imageText(table, index, attribute.name) : jsonText(value);
  }

  #relatedEntity(table: RecordTable, index: number, relation: RelatedEntity, expanded: Shape | undefined): string {
    const other = this.tables.table(relation.to);
    const found = relatedIndex(table, other, relation, index);
    if (found === undefined) return 'null';
    if (expanded !== undefined) return this.entity(other, found, expanded);
    const key = other.keyOf(found);
    return `{"__deferred":{"uri":"/rest/${relation.to}(${key})","__KEY":"${key}"}}`;
  }

  #relatedEntities(table: RecordTable, index: number, relation: RelatedEntities, expanded: Shape | undefined): string {
    const uri = `/rest/${table.dataClass.name}(${table.keyOf(index)})/${relation.name}?$expand=${relation.name}`;
    if (expanded === undefined) return `{"__deferred":{"uri":"${uri}"}}`;
    const found = relatedIndices(this.tables, table, relation, index);
    const entities = this.entities(this.tables.table(relation.to), found, { count: found.length, first: 0, shape: expanded });
    return `{"__ENTITYSET":"${uri}",${entities}}`;
  }

  /** A whole entity as lists show it. */
  whole(table: RecordTable, index: number): string {
    return this.entity(table, index, WHOLE);
  }
}

/** The living records that a 1→N relation of a record leads to, as their foreign keys say now. */
export function relatedIndices(tables: Tables, table: RecordTable, relation: RelatedEntities, index: number): number[] {
  const other = tables.table(relation.to);
  const key = table.keyOf(index);
  const candidates = new Set([...relation.seeded(index), ...other.held.keys()]);
  const found = [...candidates].filter((each) => other.living(each) && scalarText(other.value(each, relation.foreignKey)) === key);
  return found.sort((a, b) => a - b);
}

function imageText(table: RecordTable, index: number, name: string): string {
  const uri = `/rest/${table.dataClass.name}(${table.keyOf(index)})/${name}?$imageformat=best&$version=${table.saves(index)}&$expand=${name}`;
  return `{"__deferred":{"uri":"${uri}","image":true}}`;
}
