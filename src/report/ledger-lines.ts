import { COMPLETE_EQUATION, LEDGER_EQUATIONS, type Ledger, type LedgerColumn, type LedgerEquation } from '../domain/ledger';
import { publishedEquation } from './published-words';
import type { EntityFacts } from './run-facts';
import { count } from './words';

/** The equations that bind this entity: those of every ledger, and the closing one when its extraction is complete. */
export function bindingEquations(entity: Pick<EntityFacts, 'extraction_state' | 'state'>): readonly LedgerEquation[] {
  const complete = entity.state === 'completed' && entity.extraction_state === 'complete';
  return complete ? [...LEDGER_EQUATIONS, COMPLETE_EQUATION] : LEDGER_EQUATIONS;
}

/** The equations written out with names and numbers, one a line, as a code block. */
export function ledgerLines(entity: Pick<EntityFacts, 'ledger' | 'extraction_state' | 'state' | 'published'>): string {
  const lines = bindingEquations(entity).map((equation) => {
    return `${mark(equation, entity)} ${equation.text}\n    ${inNumbers(equation, entity.ledger)}`;
  });
  return `\`\`\`text\n${[...lines, ...publishedLine(entity.published)].join('\n')}\n\`\`\``;
}

function publishedLine(published: EntityFacts['published']): string[] {
  if (published === null) return [];
  const { text, numbers, holds } = publishedEquation(published);
  return [`${published.completed_at === null ? '·  ' : holds ? 'ok ' : 'NO '} ${text}\n    ${numbers}`];
}

/** Only a completed entity has a closed ledger; the counts of any other are those of the moment it ended. */
function mark(equation: LedgerEquation, { ledger, state }: Pick<EntityFacts, 'ledger' | 'state'>): string {
  if (state !== 'completed') return '·  ';
  return equation.left(ledger) === equation.right(ledger) ? 'ok ' : 'NO ';
}

function inNumbers(equation: LedgerEquation, ledger: Ledger): string {
  return equation.text.replace(/[a-z_]+/g, (name) => count(ledger[name as LedgerColumn]));
}
