import { COMPLETE_EQUATION, LEDGER_EQUATIONS, type Ledger, type LedgerColumn, type LedgerEquation } from '../domain/ledger';
import type { EntityFacts } from './run-facts';
import { count } from './words';

/** The equations that bind this entity: those of every ledger, and the closing one when its extraction is complete. */
export function bindingEquations(entity: Pick<EntityFacts, 'extraction_state' | 'state'>): readonly LedgerEquation[] {
  const complete = entity.state === 'completed' && entity.extraction_state === 'complete';
  return complete ? [...LEDGER_EQUATIONS, COMPLETE_EQUATION] : LEDGER_EQUATIONS;
}

/** The equations written out with names and numbers, one a line, as a code block. */
export function ledgerLines(entity: Pick<EntityFacts, 'ledger' | 'extraction_state' | 'state'>): string {
  const lines = bindingEquations(entity).map((equation) => {
    const holds = equation.left(entity.ledger) === equation.right(entity.ledger);
    return `${holds ? 'ok ' : 'NO '} ${equation.text}\n    ${inNumbers(equation, entity.ledger)}`;
  });
  return `\`\`\`text\n${lines.join('\n')}\n\`\`\``;
}

function inNumbers(equation: LedgerEquation, ledger: Ledger): string {
  return equation.text.replace(/[a-z_]+/g, (name) => count(ledger[name as LedgerColumn]));
}
