/** Sorted by code point, because the sandbox sorts names that way and finds a name's place from its position here. */
export const COMPANIES: readonly string[] = [
  'Adler & Söhne',
  'Bowman & Co',
  'Castellò "Norte" SA',
  'Dvořák Stavby',
  'Eastwind Traders',
  'Fjällräven Kök',
  'Gupta Textiles',
  'Håkon Fisk',
  'Ingram Supply',
  'Jørgensen Møbler',
  'Kovács és Fia',
  'Łódź Metal',
  'Müller Maschinen',
  'Nakamura 商店',
  'O’Brien & Daughters',
  'Petrov Логистика',
  'Quiroga Hnos',
  'Rossi\\Bianchi',
  'Sánchez e Hijos',
  'Tanaka 株式会社',
  'Ünal Ticaret',
  'Vasquez Foods',
  'Weiß Bäckerei',
  'Zürich Optik',
  'שלום Trading',
  'मेहता Exports',
  '🚚 Swift Freight',
].sort();

export const PRODUCTS: readonly string[] = [
  'Adapter',
  'Bracket',
  'Cable 2½″',
  'Drill',
  'Espresso Grinder',
  'Filter',
  'Gasket',
  'Hard Drive',
  'Isolierband',
  'Jack',
  'Käsereibe',
  'Lamp',
  'Motor',
  'Notebook',
  'Ölfilter',
  'Pump',
  'Quartz Clock',
  'Rope',
  'Schraube M8×40',
  'Tap',
  'Umbrella',
  'Valve',
  'Wrench',
  'Zahnrad',
  '电缆',
].sort();

export const FIRST_NAMES = ['Will', 'Amélie', 'Søren', 'Priya', '', 'José', 'Łukasz', 'Mei', 'Zoë', 'Ahmed'] as const;
export const LAST_NAMES = ['Smith', 'Núñez', 'Østergaard', '', 'Iyer', 'D’Angelo', 'Kowalski', '王', 'Brown', 'al-Masri'] as const;
export const REGIONS = ['West', 'East', 'Nord', 'Süd', 'APAC'] as const;
export const CURRENCIES = ['USD', 'EUR', 'INR'] as const;

/** The word of a sorted list that belongs to a rank. */
export function rankedWord(words: readonly string[], rank: number, count: number): string {
  return words[rank < count ? Math.floor((rank * words.length) / count) : rank % words.length] as string;
}

/** A word of a sorted list and a zero-padded number: ascending with `rank`, so names can be paged without sorting a million of them. */
export function rankedName(words: readonly string[], rank: number, count: number): string {
  return `${rankedWord(words, rank, count)} ${String(rank + 1).padStart(7, '0')}`;
}
