import type { JsonObject } from '../json-text';
import { jsonAnswer } from './answer';
import type { Answer } from './answer';
import { GLOBAL_STAMP } from './data-class';
import type { Attribute, DataClass } from './data-class';
import { noClass } from './rest-error';
import type { Legacy4dState } from './state';

/** `/rest/$catalog`, `/rest/$catalog/$all`, `/rest/$catalog/{DataClass}`. */
export function catalogAnswer(state: Legacy4dState, entry: string | undefined): Answer {
  const classes = state.exposed().map((name) => state.table(name).dataClass);
  if (entry === undefined) {
    const dataClasses = classes.map(({ name }) => ({ name, uri: `/rest/$catalog/${name}`, dataURI: `/rest/${name}` }));
    return jsonAnswer(200, { dataClasses });
  }
  if (entry === '$all') return jsonAnswer(200, { dataClasses: classes.map((dataClass) => described(state, dataClass)) });
  const asked = classes.find(({ name }) => name === entry);
  if (asked === undefined) throw noClass(entry);
  return jsonAnswer(200, described(state, asked));
}

function described(state: Legacy4dState, dataClass: DataClass): JsonObject {
  const { name, tableNumber, key } = dataClass;
  const stamp: JsonObject = { name: GLOBAL_STAMP, kind: 'storage', scope: 'public', indexed: true, type: 'long64' };
  return {
    name,
    className: name,
    collectionName: `${name}Selection`,
    tableNumber,
    scope: 'public',
    dataURI: `/rest/${name}`,
    defaultTopSize: state.rules.defaultTopSize,
    attributes: [
      ...dataClass.attributes.map((attribute, n) => attributeOf(attribute, n + 1, key)),
      ...(state.tracked(name) ? [{ ...stamp, fieldPos: dataClass.attributes.length + 1 }] : []),
    ],
    key: [{ name: key }],
  };
}

function attributeOf(attribute: Attribute, fieldPos: number, key: string): JsonObject {
  const { name, kind } = attribute;
  const base = { name, kind, scope: 'public' };
  switch (attribute.kind) {
    case 'calculated':
      return { ...base, type: attribute.type, readOnly: true };
    case 'relatedEntity':
      return { ...base, type: attribute.to, path: attribute.to, foreignKey: attribute.foreignKey, ...inverseOf(attribute.inverse) };
    case 'relatedEntities':
      return { ...base, type: `${attribute.to}Selection`, reversePath: true, path: attribute.path, inverseName: attribute.path };
    case 'storage':
      return {
        ...base,
        fieldPos,
        ...(attribute.indexed === true && { indexed: true }),
        type: attribute.type,
        ...(name === key && { identifying: true }),
      };
  }
}

function inverseOf(name: string): JsonObject {
  return name === '' ? {} : { inverseName: name };
}
