import type { JsonValue } from '../../json-text';
import { RawNumber } from '../../json-text';
import type { DataClass, StorageAttribute } from '../data-class';
import { storage } from '../data-class';
import { COLOURS } from '../words';
import type { World } from '../world';
import { familyName, familyNumber } from './artikel-familie';

const NAME = 'Artikel_Variante';

/** One variant in 89 has lost its family. */
function family(world: World, index: number): number | undefined {
  return world.hash(NAME, index, 1) % 89 === 5 ? undefined : world.familyOfVariant.parentOf(index);
}

function number(world: World, index: number): string {
  const parent = family(world, index);
  return `${parent === undefined ? 'X' : familyNumber(parent)}-${String(index + 1).padStart(7, '0')}`;
}

function name(world: World, index: number): string {
  const parent = family(world, index);
  const colour = world.pick(COLOURS, NAME, index, 2);
  return [parent === undefined ? 'Ohne Familie' : familyName(world, parent), colour].filter((part) => part !== '').join(', ');
}

export function priceInCents(world: World, index: number): number {
  return 95 + (world.hash(NAME, index, 3) % 49_900);
}

/** Lot numbers of 64 bits: some have more digits than a double holds. */
function lot(world: World, index: number): JsonValue {
  const roll = world.hash(NAME, index, 4);
  if (roll % 5 === 0) return null;
  return roll % 5 === 1 ? new RawNumber(String(9_007_199_254_740_993n + BigInt(roll) * 2n)) : roll;
}

function amounts(world: World): StorageAttribute[] {
  const below = (salt: number, n: number) => (index: number) => world.hash(NAME, index, salt) % n;
  return [
    storage('Preis_VK', 'number', (index) => priceInCents(world, index) / 100),
    storage('Preis_EK', 'number', (index) => Math.round(priceInCents(world, index) * 0.55) / 100),
    storage('MwSt', 'number', (index) => (world.hash(NAME, index, 5) % 6 === 0 ? 7 : 19)),
    storage('Gewicht', 'number', (index) => (world.hash(NAME, index, 6) % 9000) / 1000),
    storage('Bestand', 'long', (index) => below(7, 900)(index) - 20),
    storage('Mindestbestand', 'word', below(8, 50)),
    storage('Charge', 'long64', (index) => lot(world, index)),
  ];
}

function texts(world: World): StorageAttribute[] {
  const colour = (index: number): string => world.pick(COLOURS, NAME, index, 2);
  return [
    storage('Art_Nr', 'string', (index) => number(world, index), { indexed: true }),
    storage('Bezeichnung', 'string', (index) => name(world, index)),
    storage('Bezeichnung_EN', 'string', (index) => (index % 3 === 0 ? null : '')),
    storage('EAN', 'string', (index) => `0${String(4_000_000_000_000 + index * 7).slice(1)}`),
    storage('Farbe', 'string', (index) => (index % 10 === 3 ? null : colour(index))),
    { kind: 'calculated', name: 'Anzeigename', type: 'string', seeded: (index) => `${number(world, index)} ${name(world, index)}` },
  ];
}

/** Variants: what is sold. */
export function artikelVariante(world: World): DataClass {
  const { [NAME]: keys, Artikel_Familie: families } = world.keys;
  return {
    name: NAME,
    tableNumber: 3,
    key: 'Variante_ID',
    keys,
    seeded: world.sizes[NAME],
    attributes: [
      world.keyAttribute(NAME, 'Variante_ID'),
      storage('Familie_ID', 'long', (index) => {
        const parent = family(world, index);
        return parent === undefined ? null : families.encode(parent);
      }),
      ...texts(world),
      ...amounts(world),
      storage('Aktiv', 'bool', (index) => world.hash(NAME, index, 10) % 7 !== 0),
      storage('Auslauf_Am', 'date', (index) => (world.hash(NAME, index, 11) % 4 === 0 ? world.day(NAME, index, 12) : '')),
      ...world.lifeOf(NAME),
      storage('Bild', 'image', (index) => (world.hash(NAME, index, 13) % 2 === 0 ? null : true)),
      { kind: 'relatedEntity', name: 'Familie', to: 'Artikel_Familie', foreignKey: 'Familie_ID', inverse: 'Varianten' },
    ],
  };
}
