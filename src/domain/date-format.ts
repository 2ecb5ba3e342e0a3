import { isCalendarDay } from './instant';

/** Tokens of a date format; everything else in it stands for itself. */
export const DATE_TOKENS = ['YYYY', 'MM', 'DD', 'HH', 'mm', 'ss'] as const;

type Token = (typeof DATE_TOKENS)[number];

const TOKEN = new RegExp(DATE_TOKENS.join('|'), 'g');
const LIMITS: Readonly<Partial<Record<Token, number>>> = { HH: 23, mm: 59, ss: 59 };

/** A test for texts of a format such as `DD.MM.YYYY`: digits where the tokens stand, and a day that the calendar has. */
export function dateFormat(format: string): (text: string) => boolean {
  const tokens = (format.match(TOKEN) ?? []) as Token[];
  const literals = format.split(TOKEN).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const pattern = new RegExp(`^${literals.map((literal, n) => literal + digitsOf(tokens[n])).join('')}$`);
  return (text) => {
    const found = pattern.exec(text);
    if (found === null) return false;
    const value = new Map(tokens.map((token, n) => [token, Number(found[n + 1])]));
    const inLimits = Object.entries(LIMITS).every(([token, most]) => (value.get(token as Token) ?? 0) <= most);
    return inLimits && isCalendarDay(value.get('YYYY')!, value.get('MM')!, value.get('DD')!);
  };
}

function digitsOf(token: Token | undefined): string {
  return token === undefined ? '' : `(\\d{${token.length}})`;
}
