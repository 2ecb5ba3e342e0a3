import { benchRow } from '../mapping';
import type { Cell } from '../../src/publish/mapping/mapping';

/** What the typed table must hold, from the generator and not from the tables; prices in cents. */
export interface ExpectedProducts {
  readonly rows: number;
  readonly stock: string;
  readonly price: string;
}

/** The raw row of a number; each edition changes every row, in four of its fields. */
export function product(n: number, edition: number): Readonly<Record<string, Cell>> {
  return {
    ...benchRow(n),
    beschreibung: `Maße ca. ${n % 90} cm. Pflege: „kalt“ – nicht tropfnaß (§ ${edition})`,
    preis: `${n % 9}.${thousandth(n)},${String((n + edition) % 100).padStart(2, '0')}`,
    bestand: String(stock(n, edition)),
    geaendert: `2025-07-${String(10 + edition)} 10:30:15.25+00`,
  };
}

const thousandth = (n: number): string => String(n % 1000).padStart(3, '0');
const stock = (n: number, edition: number): number => (n % 900) - 20 + edition;

export function expectedProducts(rows: number, edition: number): ExpectedProducts {
  let [stocks, prices] = [0, 0];
  for (let n = 0; n < rows; n++) {
    stocks += stock(n, edition);
    prices += ((n % 9) * 1000 + (n % 1000)) * 100 + ((n + edition) % 100);
  }
  return { rows, stock: String(stocks), price: String(prices) };
}
