import { DATA_CLASSES, DELETED_RECORDS } from './data-class';
import { FAULTS } from './faults';
import type { Fault, FaultRule, RequestMatch } from './faults';

const KINDS: readonly RequestMatch['kind'][] = ['login', 'logout', 'catalog', 'list', 'entity', 'entitySet', 'release', 'any'];
const OPTIONS = { times: 'times', skip: 'skip', delay: 'delayMs' } as const;
const CLASSES: readonly string[] = [...DATA_CLASSES, DELETED_RECORDS];

export const FAULT_SPEC_HELP =
  '<kind>[:<class>[:<$skip of a list, or key>]]=<fault>[,times=n][,skip=n][,delay=ms], such as list:Artikel_Familie=html502,times=2,skip=1';

/** A rule in its short form (`FAULT_SPEC_HELP`). Throws a RangeError that says what is wrong and what there is. */
export function parseFaultSpec(spec: string): FaultRule {
  // At the first `=`: the options have some of their own.
  const at = spec.indexOf('=');
  if (at < 1) throw new RangeError(`no fault: ${spec}; write ${FAULT_SPEC_HELP}`);
  const [fault, ...options] = spec.slice(at + 1).split(',');
  if (!FAULTS.includes(fault as Fault)) throw new RangeError(`no such fault: ${String(fault)}; known are ${FAULTS.join(', ')}`);
  return Object.assign({ match: matchOf(spec.slice(0, at)), fault: fault as Fault }, ...options.map(optionOf)) as FaultRule;
}

function matchOf(target: string): RequestMatch {
  const [kindName, dataClass, which] = target.split(':');
  const kind = KINDS.find((each) => each === kindName);
  if (kind === undefined) throw new RangeError(`no such kind of request: ${String(kindName)}; known are ${KINDS.join(', ')}`);
  if (dataClass !== undefined && !CLASSES.includes(dataClass))
    throw new RangeError(`no such class: ${dataClass}; known are ${CLASSES.join(', ')}`);
  return {
    kind,
    ...(dataClass !== undefined && { dataClass }),
    ...(which !== undefined && (kind === 'entity' ? { key: which } : { offset: whole('$skip', which) })),
  };
}

function optionOf(text: string): Partial<FaultRule> {
  const [name = '', value = ''] = text.split('=');
  const option = Object.entries(OPTIONS).find(([short]) => short === name)?.[1];
  if (option === undefined) throw new RangeError(`no such option of a fault: ${name}; known are ${Object.keys(OPTIONS).join(', ')}`);
  return { [option]: whole(name, value) };
}

function whole(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new RangeError(`${name} takes a whole number, not ${text}`);
  return Number(text);
}
