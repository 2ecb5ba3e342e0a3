import { FreshetError } from '../domain/errors';

/** `--limit` of a list. Errors: `config_error` code `limit-unknown`. */
export function limitOf(text: string | undefined, { otherwise, most }: { readonly otherwise: number; readonly most: number }): number {
  if (text === undefined) return otherwise;
  if (/^[1-9]\d{0,6}$/.test(text) && Number(text) <= most) return Number(text);
  throw new FreshetError('config_error', {
    code: 'limit-unknown',
    message: `--limit must be a whole number from 1 to ${most}, and is "${text}"`,
    remedy: `Leave it out for the ${otherwise} first ones, or give a number.`,
    where: '--limit',
  });
}
