import { parsedRule, whole } from '../fault-spec';
import { DATA_CLASSES, DELETED_RECORDS } from './data-class';
import { FAULTS } from './faults';
import type { FaultRule, RequestMatch } from './faults';

const KINDS: readonly RequestMatch['kind'][] = ['login', 'logout', 'catalog', 'list', 'entity', 'entitySet', 'release', 'any'];
const CLASSES: readonly string[] = [...DATA_CLASSES, DELETED_RECORDS];

export const FAULT_SPEC_HELP =
  '<kind>[:<class>[:<$skip of a list, or key>]]=<fault>[,times=n][,skip=n][,delay=ms][,retry_after=s], such as list:Artikel_Familie=html502,times=2,skip=1';

/** A rule in its short form (`FAULT_SPEC_HELP`). */
export function parseFaultSpec(spec: string): FaultRule {
  return parsedRule(spec, { faults: FAULTS, help: FAULT_SPEC_HELP, match: matchOf });
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
