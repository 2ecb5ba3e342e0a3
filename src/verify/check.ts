import { checkLedger } from '../domain/ledger';
import type { EntityFacts } from './entity-facts';

/** One thing that was looked at; `detail` says what was found, in figures. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** Two figures that must be one. */
export function equalCheck(
  name: string,
  left: readonly [what: string, count: number],
  right: readonly [what: string, count: number],
): Check {
  const ok = left[1] === right[1];
  return { name, ok, detail: ok ? `${left[0]} = ${right[0]} = ${left[1]}` : `${left[0]} is ${left[1]}, but ${right[0]} is ${right[1]}` };
}

/** Offenders that must not be there. */
export function noneCheck(name: string, what: string, sample: readonly string[]): Check {
  return { name, ok: sample.length === 0, detail: sample.length === 0 ? `no ${what}` : `${what}: ${sample.join(', ')}` };
}

/** Everything about the ledger that its own figures, pages, batches and rejects tell (contracts §6). */
export function ledgerChecks(facts: EntityFacts): Check[] {
  const { ledger } = facts;
  const faults = checkLedger(ledger, facts.extractionComplete);
  return [
    {
      name: 'ledger',
      ok: faults.length === 0,
      detail:
        faults.length === 0
          ? `all equations hold${facts.extractionComplete ? ', nothing is left' : ''}`
          : faults.map(({ text, left, right }) => `${text} does not hold (${left} and ${right})`).join('; '),
    },
    equalCheck('rejects', ['rejected', ledger.rejected], ['reject rows of stage load', facts.loadRejects]),
    equalCheck('undetailed', ['undetailed', ledger.undetailed], ['reject rows of stage extract', facts.extractRejects]),
    equalCheck('pages', ['fetched', ledger.fetched], ['records in the pages of this run', facts.pageRecords]),
    equalCheck('batches', ['landed', ledger.landed], ['records in the batches this run loaded', facts.batchRecords]),
    equalCheck('outcomes', ['landed', ledger.landed], ['outcomes in the batches this run loaded', facts.batchOutcomes]),
  ];
}
