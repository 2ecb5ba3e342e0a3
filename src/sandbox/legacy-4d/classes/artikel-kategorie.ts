import type { DataClass } from '../data-class';
import { storage } from '../data-class';
import { CATEGORIES, CATEGORIES_EN } from '../words';
import type { World } from '../world';

const NAME = 'Artikel_Kategorie';

/** The category above: one made earlier, or none. */
function above(world: World, index: number): number | undefined {
  if (index === 0 || index >= world.sizes[NAME] || world.hash(NAME, index, 1) % 4 === 0) return undefined;
  return Math.floor(index / 3);
}

function* below(world: World, index: number): Generator<number> {
  for (let child = Math.max(1, index * 3); child < index * 3 + 3; child += 1) if (above(world, child) === index) yield child;
}

/** Categories, with a category above most of them. */
export function artikelKategorie(world: World): DataClass {
  const keys = world.keys[NAME];
  const word = (index: number): number => world.hash(NAME, index, 2) % CATEGORIES.length;
  return {
    name: NAME,
    tableNumber: 1,
    key: 'Kategorie_ID',
    keys,
    seeded: world.sizes[NAME],
    attributes: [
      world.keyAttribute(NAME, 'Kategorie_ID'),
      storage('Kuerzel', 'string', (index) => `K${String(index + 1).padStart(4, '0')}`, { indexed: true }),
      storage('Bezeichnung', 'string', (index) => `${CATEGORIES[word(index)] as string} ${index + 1}`),
      storage('Bezeichnung_EN', 'string', (index) => CATEGORIES_EN[word(index)] as string),
      storage('Ober_Kategorie_ID', 'long', (index) => {
        const parent = above(world, index);
        return parent === undefined ? null : keys.encode(parent);
      }),
      storage('Sortierung', 'word', (index) => world.hash(NAME, index, 3) % 1000),
      storage('Aktiv', 'bool', (index) => world.hash(NAME, index, 4) % 11 !== 0),
      ...world.lifeOf(NAME),
      { kind: 'relatedEntity', name: 'Oberkategorie', to: NAME, foreignKey: 'Ober_Kategorie_ID', inverse: 'Unterkategorien' },
      {
        kind: 'relatedEntities',
        name: 'Unterkategorien',
        to: NAME,
        foreignKey: 'Ober_Kategorie_ID',
        path: 'Oberkategorie',
        seeded: (index) => below(world, index),
      },
      {
        kind: 'relatedEntities',
        name: 'Familien',
        to: 'Artikel_Familie',
        foreignKey: 'Kategorie_ID',
        path: 'Kategorie',
        seeded: (index) => world.categoryOfFamily.childrenOf(index),
      },
    ],
  };
}
