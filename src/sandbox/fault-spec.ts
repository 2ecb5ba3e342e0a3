import type { BoardRule } from './fault-board';
import { FAULTS } from './faults';
import type { FaultRule, RequestMatch } from './faults';
import { ENTITIES } from './world';

const KINDS: readonly RequestMatch['kind'][] = ['list', 'detail', 'token', 'organizations', 'any'];
const OPTIONS = { times: 'times', skip: 'skip', delay: 'delayMs', retry_after: 'retryAfterSeconds' } as const;

export const FAULT_SPEC_HELP =
  '<kind>[:<entity>[:<page of a list, or id>]]=<fault>[,times=n][,skip=n][,delay=ms][,retry_after=s], such as list:invoices:2=drip,times=3,delay=50';

/** How the rules of one switchboard are written. */
export interface SpecGrammar<F extends string, M> {
  readonly faults: readonly F[];
  readonly help: string;
  /** What stands before the `=`. Throws a RangeError that says what is wrong and what there is. */
  readonly match: (target: string) => M;
}

/** A rule in its short form. Throws a RangeError that says what is wrong and what there is. */
export function parsedRule<F extends string, M>(spec: string, grammar: SpecGrammar<F, M>): BoardRule<F, M> {
  const { faults, help, match } = grammar;
  // At the first `=`: the options have some of their own.
  const at = spec.indexOf('=');
  if (at < 1) throw new RangeError(`no fault: ${spec}; write ${help}`);
  const [name, ...options] = spec.slice(at + 1).split(',');
  const fault = faults.find((each) => each === name);
  if (fault === undefined) throw new RangeError(`no such fault: ${String(name)}; known are ${faults.join(', ')}`);
  return Object.assign({ match: match(spec.slice(0, at)), fault }, ...options.map(optionOf)) as BoardRule<F, M>;
}

/** Zoho's rule in its short form (`FAULT_SPEC_HELP`). */
export function parseFaultSpec(spec: string): FaultRule {
  return parsedRule(spec, { faults: FAULTS, help: FAULT_SPEC_HELP, match: matchOf });
}

function matchOf(target: string): RequestMatch {
  const [kind, entity, which] = target.split(':');
  const known = { kind: KINDS.find((each) => each === kind), entity: ENTITIES.find((each) => each === entity) };
  if (known.kind === undefined) throw new RangeError(`no such kind of request: ${String(kind)}; known are ${KINDS.join(', ')}`);
  if (entity !== undefined && known.entity === undefined)
    throw new RangeError(`no such entity: ${entity}; known are ${ENTITIES.join(', ')}`);
  return {
    kind: known.kind,
    ...(known.entity !== undefined && { entity: known.entity }),
    ...(which !== undefined && (kind === 'list' ? { page: whole('page', which) } : { recordId: which })),
  };
}

function optionOf(text: string): Partial<BoardRule<never, never>> {
  const [name = '', value = ''] = text.split('=');
  const option = Object.entries(OPTIONS).find(([short]) => short === name)?.[1];
  if (option === undefined) throw new RangeError(`no such option of a fault: ${name}; known are ${Object.keys(OPTIONS).join(', ')}`);
  return { [option]: whole(name, value) };
}

/** A whole number of a rule's short form. */
export function whole(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new RangeError(`${name} takes a whole number, not ${text}`);
  return Number(text);
}
