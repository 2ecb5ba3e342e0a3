import { closest } from '../../config/closest';
import { FreshetError } from '../../domain/errors';
import { isJsonObject } from '../../http/strict-json';
import { printable } from '../../observability/printable';
import type { Body } from './answer';
import { isName } from './call';
import { misshapen } from './errors';

export interface Attribute {
  readonly name: string;
  /** `storage`, `calculated`, `alias`, `relatedEntity`, `relatedEntities`. */
  readonly kind: string;
  /** `long`, `string`, …; of a relation: the name of a dataclass. */
  readonly type: string;
  readonly indexed: boolean;
}

export interface DataClass {
  readonly name: string;
  readonly attributes: readonly Attribute[];
  /** Attributes of the primary key. */
  readonly key: readonly string[];
}

/** A dataclass with the one attribute that is its key. */
export interface KeyedClass extends DataClass {
  readonly keyAttribute: string;
  readonly textKey: boolean;
}

/** Where 4D's change tracking writes deletions. */
export const DELETED_RECORDS = '__DeletedRecords';
/** The database's counter at a record's last save. */
export const GLOBAL_STAMP = '__GlobalStamp';

const TEXTS: ReadonlySet<string> = new Set(['string', 'uuid']);
const MOST_NAMED = 12;

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function attributeOf(value: unknown): Attribute[] {
  if (!isJsonObject(value) || typeof value['name'] !== 'string') return [];
  const { name, kind, type, indexed } = value;
  return [{ name, kind: textOf(kind) || 'storage', type: textOf(type), indexed: indexed === true }];
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

/** The dataclasses of `$catalog/$all`, by name. */
export function readCatalog(body: Body, what: string): ReadonlyMap<string, DataClass> {
  const classes = body['dataClasses'];
  if (!Array.isArray(classes)) throw misshapen(what, 'dataClasses is missing');
  return new Map(
    (classes as unknown[]).filter(isJsonObject).map(({ name, attributes, key }): [string, DataClass] => [
      textOf(name),
      {
        name: textOf(name),
        attributes: listOf(attributes).flatMap(attributeOf),
        key: listOf(key).map((each) => textOf(isJsonObject(each) ? each['name'] : each)),
      },
    ]),
  );
}

/** A dataclass that can be paged through. Errors: `config_error` where it is not exposed, or has no key of one attribute. */
export function keyedClass(catalog: ReadonlyMap<string, DataClass>, name: string, host: string): KeyedClass {
  // A path of dots alone would lead elsewhere.
  const found = /^\.*$/.test(name) ? undefined : catalog.get(name);
  if (found === undefined) throw unknownClass(name, [...catalog.keys()], host);
  const [keyAttribute, ...more] = found.key;
  const attribute = found.attributes.find((each) => each.name === keyAttribute);
  if (keyAttribute !== undefined && attribute !== undefined && isName(keyAttribute) && more.length === 0) {
    return { ...found, keyAttribute, textKey: TEXTS.has(attribute.type) };
  }
  throw new FreshetError('config_error', {
    code: 'dataclass-without-key',
    message: `The dataclass ${name} of the 4D server at ${host} has no primary key of one exposed attribute`,
    remedy:
      'Give the table one primary key in the structure of the 4D database and expose it to REST; without it, records cannot be told apart.',
    where: host,
  });
}

function unknownClass(name: string, known: readonly string[], host: string): FreshetError {
  const named = known.filter((each) => !each.startsWith('__'));
  const meant = closest(name, named);
  const more = named.length > MOST_NAMED ? ` and ${named.length - MOST_NAMED} more` : '';
  return new FreshetError('config_error', {
    code: 'entity-unknown',
    message: `The 4D server at ${host} has no dataclass "${printable(name, 60)}"; its names are case-sensitive`,
    remedy: `${meant === undefined ? '' : `Did you mean ${meant}? `}It shows ${named.slice(0, MOST_NAMED).join(', ') || 'none'}${more}. Correct the entity (or its from) in the pipeline file, or expose the dataclass to REST in 4D.`,
    where: host,
  });
}
