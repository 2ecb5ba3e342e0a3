import type { Check } from './check';
import { disk, node, writable } from './machine';
import { schedules, settings, sources } from './pipelines';
import { alarms, clock, migrations, postgres } from './postgres';
import { searchAttributes, temporal, worker } from './temporal';

/** Every check of `freshet doctor`, in the order in which its findings are told. */
export const CHECKS: readonly Check[] = [
  node,
  settings,
  sources,
  writable,
  disk,
  postgres,
  migrations,
  clock,
  temporal,
  worker,
  searchAttributes,
  schedules,
  alarms,
];
