import { isCalendarDay } from './instant';

/** Tokens of a date format; everything else in it stands for itself. */
export const DATE_TOKENS = ['YYYY', 'MM', 'DD', 'HH', 'mm', 'ss'] as const;

type Token = (typeof DATE_TOKENS)[number];

const TOKEN = new RegExp(DATE_TOKENS.join('|'), 'g');
const LIMITS: Readonly<Partial<Record<Token, number>>> = { HH: 23, mm: 59, ss: 59 };

/** A test for texts of a format such as `DD.MM.YYYY`: digits where the tokens stand, and a day that the calendar has. */
export function dateFormat(format: string): (text: string) => boolean {
  const read = dateReader(format);
  return (text) => read(text) !== null;
}

/** Reads texts of a format as ISO text, with a time where the format has one; `null` for every other text. */
export function dateReader(format: string): (text: string) => string | null {
  const tokens = (format.match(TOKEN) ?? []) as Token[];
  const literals = format.split(TOKEN).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const pattern = new RegExp(`^${literals.map((literal, n) => literal + digitsOf(tokens[n])).join('')}$`);
  const hasTime = tokens.some((token) => LIMITS[token] !== undefined);
  return (text) => {
    const found = pattern.exec(text);
    if (found === null) return null;
    const digits = new Map(tokens.map((token, n) => [token, found[n + 1] ?? '']));
    const value = (token: Token): number => Number(digits.get(token) ?? 0);
    const inLimits = Object.entries(LIMITS).every(([token, most]) => value(token as Token) <= most);
    if (!inLimits || value('YYYY') < 1 || !isCalendarDay(value('YYYY'), value('MM'), value('DD'))) return null;
    const day = `${digits.get('YYYY')!}-${digits.get('MM')!}-${digits.get('DD')!}`;
    return hasTime ? `${day}T${digits.get('HH') ?? '00'}:${digits.get('mm') ?? '00'}:${digits.get('ss') ?? '00'}` : day;
  };
}

function digitsOf(token: Token | undefined): string {
  return token === undefined ? '' : `(\\d{${token.length}})`;
}
