import { FreshetError } from '../domain/errors';

/** `--until`: the end of that day in UTC; `null`: not given. `then` says what is so from the next day on. Errors: `config_error` code `wrong-use`. */
export function untilDay(text: string | undefined, then: string): Date | null {
  if (text === undefined) return null;
  const at = /^\d{4}-\d\d-\d\d$/.test(text) ? new Date(`${text}T23:59:59.999Z`) : new Date(Number.NaN);
  if (!Number.isNaN(at.getTime()) && at.toISOString().startsWith(text)) return at;
  throw new FreshetError('config_error', {
    code: 'wrong-use',
    message: `--until is "${text.slice(0, 40)}"`,
    remedy: `A day, such as 2027-03-31: from the next one on (UTC) ${then}.`,
  });
}
