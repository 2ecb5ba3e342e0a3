import { activities } from './catalogue/activities';
import { client } from './catalogue/client';
import { config } from './catalogue/config';
import { database } from './catalogue/database';
import type { CatalogueEntry } from './catalogue/entry';
import { extract } from './catalogue/extract';
import { http } from './catalogue/http';
import { landing } from './catalogue/landing';
import { load } from './catalogue/load';
import { monitor } from './catalogue/monitor';
import { notify } from './catalogue/notify';
import { publish } from './catalogue/publish';
import { report } from './catalogue/report';
import { sources } from './catalogue/sources';
import { stack } from './catalogue/stack';
import { verify } from './catalogue/verify';
import { worker } from './catalogue/worker';
import { workflows } from './catalogue/workflows';

/** Component by the two letters that its log ids start with. */
export const COMPONENTS = {
  AC: 'activities',
  CF: 'config',
  CL: 'client',
  DB: 'database',
  EX: 'extract',
  HT: 'http',
  LD: 'load',
  LN: 'landing',
  MO: 'monitor',
  NO: 'notify',
  PB: 'publish',
  RP: 'report',
  SR: 'sources',
  ST: 'stack',
  VF: 'verify',
  WF: 'workflows',
  WK: 'worker',
} as const;
export type Component = (typeof COMPONENTS)[keyof typeof COMPONENTS];

/** Every log statement of freshet by its id; each component's own file holds its entries. */
export const catalogue = {
  ...activities,
  ...client,
  ...config,
  ...database,
  ...extract,
  ...http,
  ...landing,
  ...load,
  ...monitor,
  ...notify,
  ...publish,
  ...report,
  ...sources,
  ...stack,
  ...verify,
  ...worker,
  ...workflows,
} as const;

/** An id of the catalogue, such as `EX-001`. */
export type LogId = keyof typeof catalogue;

/** The entry behind an id. */
export function entryOf(id: LogId): CatalogueEntry {
  return catalogue[id];
}

/** The component that an id belongs to. */
export function componentOf(id: LogId): Component {
  return COMPONENTS[id.slice(0, 2) as keyof typeof COMPONENTS];
}
