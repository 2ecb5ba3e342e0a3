import { publishSchema, type PublishSettings } from '../src/config/schema/publish';
import { compileMapping } from '../src/publish/mapping/compile-mapping';
import type { Cell, RawColumn } from '../src/publish/mapping/mapping';

/** 15 mapped fields, 3 transforms, 3 rules: what the measures of publish are taken with. */
export const BENCH_PUBLISH: PublishSettings = publishSchema.parse({
  table: 'bench_products',
  unique_field: 'sku',
  field_mappings: {
    sku: 'Art_Nr',
    base_sku: 'Art_Nr',
    legacy_id: 'Artikel_ID',
    name: 'Bezeichnung',
    name_en: 'Bezeichnung_EN',
    description: 'Beschreibung',
    category_id: 'Kategorie_ID',
    weight: 'Gewicht',
    price: 'Preis',
    stock: 'Bestand',
    colour: 'Farbe',
    ean: 'EAN',
    created_on: 'Angelegt',
    changed_at: 'Geaendert',
    channel: { value: 'shop' },
  },
  transforms: [
    { transform: 'trim', fields: ['name', 'name_en', 'description'] },
    { transform: 'number', fields: ['price'], decimal: ',', group: '.' },
    { transform: 'transform_boolean_flags', flags: { is_active: 'Aktiv', is_new: 'Neuheit' } },
  ],
  validation_rules: [
    { field: 'sku', rule: 'sku_format', error_message: 'Invalid SKU format' },
    { field: 'name', rule: 'not_empty', error_message: 'Name cannot be empty' },
    { field: 'price', rule: 'range', min: 0, max: 100000 },
  ],
});

const TYPES = {
  Art_Nr: 'text',
  Artikel_ID: 'bigint',
  Bezeichnung: 'text',
  Bezeichnung_EN: 'text',
  Beschreibung: 'text',
  Kategorie_ID: 'bigint',
  Gewicht: 'numeric',
  Preis: 'text',
  Bestand: 'bigint',
  Farbe: 'text',
  EAN: 'text',
  Angelegt: 'date',
  Geaendert: 'timestamptz',
  Aktiv: 'boolean',
  Neuheit: 'boolean',
} as const;

export const BENCH_COLUMNS: readonly RawColumn[] = Object.entries(TYPES).map(([field, type]) => ({
  field,
  name: field.toLowerCase(),
  type,
}));

/** The raw row of a number, by the names of its columns. */
export function benchRow(n: number): Readonly<Record<string, Cell>> {
  return {
    art_nr: `F${String(n).padStart(7, '0')}-${n % 17}`,
    artikel_id: String(n),
    bezeichnung: ` Flügelschraube M8×40 ${n} `,
    bezeichnung_en: n % 3 === 0 ? null : `Wing screw ${n}`,
    beschreibung: `Maße ca. ${n % 90} cm. Pflege: „kalt“ – nicht tropfnaß (§ 4)`,
    kategorie_id: String(n % 400),
    gewicht: `${n % 25}.${String(n % 1000).padStart(3, '0')}`,
    preis: `${n % 9}.${String(n % 1000).padStart(3, '0')},${String(n % 100).padStart(2, '0')}`,
    bestand: String((n % 900) - 20),
    farbe: n % 10 === 3 ? null : 'weiß',
    ean: String(4_000_000_000_000 + n * 7),
    angelegt: '2024-02-29',
    geaendert: '2025-07-12 10:30:15.25+00',
    aktiv: n % 9 === 0 ? 'f' : 't',
    neuheit: n % 12 === 0 ? 't' : 'f',
  };
}

/** CPU seconds that mapping so many rows takes in one thread; the rows themselves are made before, in portions. */
export function measureMapping(rows: number): { readonly rows: number; readonly cpu_seconds: number; readonly rejected: number } {
  const mapping = compileMapping(BENCH_PUBLISH, BENCH_COLUMNS, { zone: 'Europe/Berlin', published: {} });
  const portion = 10_000;
  let [micros, rejected] = [0, 0];
  for (let from = 0; from < rows; from += portion) {
    const sources = Array.from({ length: Math.min(portion, rows - from) }, (_, i) => {
      const row = benchRow(from + i);
      return mapping.sourceColumns.map((name) => row[name]);
    });
    const before = process.cpuUsage();
    for (const source of sources) if (mapping.map(source).findings.length > 0) rejected++;
    const { user, system } = process.cpuUsage(before);
    micros += user + system;
  }
  return { rows, cpu_seconds: micros / 1e6, rejected };
}

if (require.main === module) process.stdout.write(`${JSON.stringify(measureMapping(Number(process.argv[2] ?? 1_000_000)))}\n`);
