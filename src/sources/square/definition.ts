import type { Source, SourceConnection } from '../source';
import { SquareClient } from './client';
import { catalog, categories, variations } from './entities/catalog';
import { inventory } from './entities/inventory';
import { locations } from './entities/locations';
import { orders } from './entities/orders';
import { SQUARE_LIMITS, squareSettings } from './settings';

/** Square, API version 2025-08-20. All its times are in UTC. */
export const square = {
  type: 'square',
  title: 'Square',
  limits: SQUARE_LIMITS,
  zone: 'UTC',
  clock: 'date_header',
  entities: { locations, catalog, variations, categories, orders, inventory },
  open: (connection: SourceConnection) => new SquareClient(squareSettings(connection)),
} as const satisfies Source;
