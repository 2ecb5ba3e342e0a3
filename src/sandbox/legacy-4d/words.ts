/** Names with everything that breaks a careless filter or decoder: accents, quotes of both kinds, `@`, backslashes. */
export const PRODUCTS = [
  'Flügelschraube M8×40',
  'Käsereibe',
  'Ölfilter „Profi“',
  'Straßenlaterne',
  'Türgriff, verchromt',
  "O'Neill Jacke",
  'Tasse "Edel"',
  'Stempel info@büro',
  'Schlüssel\\Bund',
  'Wäscheständer 1,5 m',
  'Café-Mühle',
  'Zange & Co. 100%',
] as const;

export const PRODUCTS_EN = [
  'Wing screw',
  'Grater',
  '',
  'Street lamp',
  'Door handle',
  'Jacket',
  'Cup',
  '',
  'Key ring',
  'Rack',
  '',
  'Pliers',
] as const;
export const CATEGORIES = ['Küche', 'Werkzeug', 'Büro & Schule', 'Garten', 'Bäder', 'Weihnachten', 'Möbel', 'Ostern'] as const;
export const CATEGORIES_EN = ['Kitchen', 'Tools', 'Office', 'Garden', '', 'Christmas', 'Furniture', 'Easter'] as const;
export const COLOURS = ['weiß', 'grün', 'rot', 'Größe XL', '', 'blau'] as const;
export const CUSTOMERS = ['Bäckerei Weiß', "D'Angelo GmbH", 'Müller & Söhne', 'Łódź Handel', 'Zürich Optik AG', 'François "Fils"'] as const;
