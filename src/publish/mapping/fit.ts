import { joinTypes } from '../../sources/column-join';
import { conversion } from './convert';
import { Findings, shown } from './findings';
import type { Cell, Mapping, Target } from './mapping';

interface Narrow extends Target {
  readonly at: number;
  readonly convert: (text: string) => Cell;
}

/**
 * Under `schema_policy: reject` a table keeps types that are narrower than the mapping's. Values are brought to them as strictly as to declared
 * types: what does not fit is a finding, and nothing is rounded. `columns`: the table's, in the order of the targets.
 */
export function fitInto(mapping: Mapping, columns: readonly Target[]): Mapping {
  const narrow = columns.flatMap(({ name, type }, at): Narrow[] => {
    const from = mapping.targets[at]!.type;
    return joinTypes(from, type) === type ? [] : [{ name, type, at, convert: conversion(from, type, mapping.zone) ?? nothing }];
  });
  if (narrow.length === 0) return mapping;
  const targets = mapping.targets
    .map((target, at) => narrow.find((each) => each.at === at) ?? target)
    .map(({ name, type }) => ({ name, type }));
  return {
    ...mapping,
    targets,
    map: (source, looked) => {
      const { cells, findings } = mapping.map(source, looked);
      const fitted = [...cells];
      const misfits = new Findings();
      for (const each of narrow) fit(fitted, each, misfits);
      return { cells: fitted, findings: [...findings, ...misfits.take()] };
    },
  };
}

/** No value of the one type is one of the other. */
const nothing = (): undefined => undefined;

function fit(cells: Cell[], { name, type, at, convert }: Narrow, findings: Findings): void {
  const text = cells[at];
  if (text === null || text === undefined) return;
  cells[at] = convert(text);
  if (cells[at] === undefined)
    findings.add({ rule: 'type', field: name, value: text, message: `${name} is ${shown(text)}, which is no ${type}` });
}
