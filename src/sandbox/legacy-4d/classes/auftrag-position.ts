import type { DataClass } from '../data-class';
import { storage } from '../data-class';
import { placeOfLine } from '../order-lines';
import type { World } from '../world';
import { priceInCents } from './artikel-variante';

const NAME = 'Auftrag_Position';

function variant(world: World, line: number): number | undefined {
  const variants = world.sizes.Artikel_Variante;
  return variants === 0 ? undefined : world.hash(NAME, line, 1) % variants;
}

function cents(world: World, line: number): number {
  const sold = variant(world, line);
  return sold === undefined ? 1995 : priceInCents(world, sold);
}

function quantity(world: World, line: number): number {
  return 1 + (world.hash(NAME, line, 2) % 12);
}

export function lineCents(world: World, line: number): number {
  return cents(world, line) * quantity(world, line);
}

/** Lines of orders, with a UUID for a key. One that was created later belongs to the order that its patch names. */
export function auftragPosition(world: World): DataClass {
  const seeded = world.sizes[NAME];
  const { Auftrag: orders, Artikel_Variante: variants } = world.keys;
  return {
    name: NAME,
    tableNumber: 5,
    key: 'Position_ID',
    keys: world.keys[NAME],
    seeded,
    attributes: [
      world.keyAttribute(NAME, 'Position_ID'),
      storage('Auftrag_ID', 'long', (line) => (line < seeded ? orders.encode(placeOfLine(line).order) : null)),
      storage('Pos_Nr', 'word', (line) => (line < seeded ? placeOfLine(line).number : 1)),
      storage('Variante_ID', 'long', (line) => {
        const sold = variant(world, line);
        return sold === undefined ? null : variants.encode(sold);
      }),
      storage('Menge', 'number', (line) => quantity(world, line)),
      storage('Einzelpreis', 'number', (line) => cents(world, line) / 100),
      storage('Gesamt', 'number', (line) => lineCents(world, line) / 100),
      { kind: 'relatedEntity', name: 'Auftrag', to: 'Auftrag', foreignKey: 'Auftrag_ID', inverse: 'Positionen' },
      { kind: 'relatedEntity', name: 'Variante', to: 'Artikel_Variante', foreignKey: 'Variante_ID', inverse: '' },
    ],
  };
}
