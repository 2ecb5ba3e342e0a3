import type { JsonObject, RawNumber } from '../json-text';

/** Minor units: cents, or whole yen. Raw where a double does not hold them. */
export type Amount = number | RawNumber;

export function money(amount: Amount, currency: string): JsonObject {
  return { amount, currency };
}

/** `1.5` for 1500, `20` for 20000: Square writes quantities as texts without trailing zeros. */
export function quantityText(thousandths: number): string {
  const sign = thousandths < 0 ? '-' : '';
  const size = Math.abs(thousandths);
  const fraction = String(size % 1000)
    .padStart(3, '0')
    .replace(/0+$/, '');
  return `${sign}${Math.floor(size / 1000)}${fraction === '' ? '' : `.${fraction}`}`;
}
