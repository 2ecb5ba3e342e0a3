import type { DataClass } from '../data-class';
import { storage } from '../data-class';
import { linesOf } from '../order-lines';
import { CUSTOMERS } from '../words';
import type { World } from '../world';
import { lineCents } from './auftrag-position';

const NAME = 'Auftrag';

function netCents(world: World, index: number): number {
  let sum = 0;
  if (index < world.sizes[NAME]) for (const line of linesOf(index)) sum += lineCents(world, line);
  return sum;
}

/** Orders; their lines are a class of their own. */
export function auftrag(world: World): DataClass {
  const net = (index: number): number => netCents(world, index);
  const tax = (index: number): number => Math.round(net(index) * 0.19);
  return {
    name: NAME,
    tableNumber: 4,
    key: 'Auftrag_ID',
    keys: world.keys[NAME],
    seeded: world.sizes[NAME],
    attributes: [
      world.keyAttribute(NAME, 'Auftrag_ID'),
      storage('Auftrags_Nr', 'string', (index) => `AU-${String(index + 1).padStart(7, '0')}`, { indexed: true }),
      storage('Datum', 'date', (index) => world.made(NAME, index)),
      storage('Liefer_Datum', 'date', (index) => (world.hash(NAME, index, 1) % 3 === 0 ? '' : world.day(NAME, index, 2))),
      storage('Kunde', 'string', (index) => world.pick(CUSTOMERS, NAME, index, 3)),
      storage('Status', 'string', (index) => world.pick(['offen', 'geliefert', 'storniert'], NAME, index, 4)),
      storage('Netto', 'number', (index) => net(index) / 100),
      storage('MwSt_Betrag', 'number', (index) => tax(index) / 100),
      storage('Brutto', 'number', (index) => (net(index) + tax(index)) / 100),
      storage('Bezahlt', 'bool', (index) => world.hash(NAME, index, 5) % 2 === 0),
      storage('Bemerkung', 'string', (index) => world.pick([null, '', 'Lieferung\rbitte vor 10 Uhr'], NAME, index, 6)),
      ...world.lifeOf(NAME),
      {
        kind: 'relatedEntities',
        name: 'Positionen',
        to: 'Auftrag_Position',
        foreignKey: 'Auftrag_ID',
        path: 'Auftrag',
        seeded: (index) => (index < world.sizes[NAME] ? linesOf(index) : []),
      },
    ],
  };
}
