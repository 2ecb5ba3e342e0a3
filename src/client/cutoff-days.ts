import { FreshetError } from '../domain/errors';

/** `--cutoff-days` with its number, or with that of a setting; `null`: not given. Errors: `config_error` code `cutoff-days`. */
export function cutoffDays(
  given: string | true | undefined,
  { otherwise, setting }: { readonly otherwise: number; readonly setting: string },
): number | null {
  if (given === undefined) return null;
  if (given === true) return otherwise;
  if (/^[1-9]\d{0,4}$/.test(given) && Number(given) <= MOST) return Number(given);
  throw new FreshetError('config_error', {
    code: 'cutoff-days',
    message: `--cutoff-days ${given} is no number of days`,
    remedy: `Give a whole number from 1 to ${MOST}, such as --cutoff-days 30, or none for ${setting}.`,
  });
}

/** A hundred years, as in the settings. */
const MOST = 36_500;
