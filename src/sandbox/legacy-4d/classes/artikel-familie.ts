import type { DataClass, StorageAttribute } from '../data-class';
import { storage } from '../data-class';
import { PRODUCTS, PRODUCTS_EN } from '../words';
import type { World } from '../world';

const NAME = 'Artikel_Familie';

export function familyNumber(index: number): string {
  return `F${String(index + 1).padStart(6, '0')}`;
}

function word(world: World, index: number): number {
  return world.hash(NAME, index, 1) % PRODUCTS.length;
}

export function familyName(world: World, index: number): string {
  return `${PRODUCTS[word(world, index)] as string} ${index + 1}`;
}

/** Most descriptions have several lines, which 4D ends with a carriage return; some are empty, the English ones may be null. */
function texts(world: World): StorageAttribute[] {
  const name = (index: number): string => PRODUCTS_EN[word(world, index)] as string;
  const roll = (index: number): number => world.hash(NAME, index, 2) % 5;
  return [
    storage('Bezeichnung', 'string', (index) => familyName(world, index)),
    storage('Bezeichnung_EN', 'string', (index) => (name(index) === '' ? '' : `${name(index)} ${index + 1}`)),
    storage('Beschreibung', 'string', (index) =>
      roll(index) === 0 ? '' : `Maße ca. ${index % 90} cm.\rPflege: „kalt“ – nicht tropfnaß\t(§ 4)`,
    ),
    storage('Beschreibung_EN', 'string', (index) => (roll(index) < 2 ? null : `About ${index % 90} cm.\rDo not tumble dry.`)),
  ];
}

function measures(world: World): StorageAttribute[] {
  const hundredths = (salt: number, below: number) => (index: number) => (world.hash(NAME, index, salt) % below) / 100;
  return [
    storage('Gewicht', 'number', (index) => (world.hash(NAME, index, 10) % 6 === 0 ? 0 : (world.hash(NAME, index, 11) % 25_000) / 1000)),
    storage('Laenge', 'number', hundredths(12, 20_000)),
    storage('Breite', 'number', hundredths(13, 20_000)),
    storage('Hoehe', 'number', hundredths(14, 20_000)),
  ];
}

function flags(world: World): StorageAttribute[] {
  const oneIn = (salt: number, n: number) => (index: number) => world.hash(NAME, index, salt) % n === 0;
  return [
    storage('Aktiv', 'bool', (index) => world.hash(NAME, index, 20) % 9 !== 0),
    storage('Haengend', 'bool', oneIn(21, 5)),
    storage('Einseitig', 'bool', oneIn(22, 4)),
    storage('Neuheit', 'bool', oneIn(23, 12)),
  ];
}

/** Families of articles, the parents of the variants. */
export function artikelFamilie(world: World): DataClass {
  const { [NAME]: keys, Artikel_Kategorie: categories } = world.keys;
  return {
    name: NAME,
    tableNumber: 2,
    key: 'Familie_ID',
    keys,
    seeded: world.sizes[NAME],
    attributes: [
      world.keyAttribute(NAME, 'Familie_ID'),
      storage('Art_Nr', 'string', familyNumber, { indexed: true }),
      ...texts(world),
      storage('Kategorie_ID', 'long', (index) => {
        const category = world.categoryOfFamily.parentOf(index);
        return category === undefined ? null : categories.encode(category);
      }),
      ...measures(world),
      ...flags(world),
      ...world.lifeOf(NAME),
      storage('Bild', 'image', (index) => (world.hash(NAME, index, 30) % 3 === 0 ? null : true)),
      storage('Zusatz', 'object', (index) => (index % 4 === 0 ? null : { num: index % 7, tags: ['a', 'Größe'] })),
      { kind: 'relatedEntity', name: 'Kategorie', to: 'Artikel_Kategorie', foreignKey: 'Kategorie_ID', inverse: 'Familien' },
      {
        kind: 'relatedEntities',
        name: 'Varianten',
        to: 'Artikel_Variante',
        foreignKey: 'Familie_ID',
        path: 'Familie',
        seeded: (index) => world.familyOfVariant.childrenOf(index),
      },
    ],
  };
}
