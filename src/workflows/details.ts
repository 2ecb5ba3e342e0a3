import type { Plan } from '../domain/plan';
import type { Standing } from './start-order';

const MARKS: Readonly<Record<Standing, string>> = {
  waiting: '·',
  working: '▶',
  completed: '✓',
  failed: '✗',
  held: '⚠',
  skipped: '⚠',
  cancelled: '✗',
};

/** What Temporal's Web UI shows of a run while it is open: one line an entity, in the order of the plan. Markdown. */
export function runDetails(plan: Plan, standings: ReadonlyMap<string, Standing>): string {
  const rows = plan.map(({ entity, dependsOn }) => {
    const standing = standings.get(entity) ?? 'waiting';
    return `| ${MARKS[standing]} | ${entity} | ${standing} | ${dependsOn.join(', ')} |`;
  });
  return ['| | entity | state | after |', '|---|---|---|---|', ...rows, ...ROOM].join('\n');
}

/** The Web UI cuts off half of the last line. */
const ROOM = ['', '\u00a0'];

/** What it shows of a run and of its entities for good, also when they have ended. Markdown. */
export function fixedDetails(runId: string): string {
  return `Every count, doubt and error: \`./freshet show ${runId}\``;
}

/** How far an entity is. `slices` are those of this and all earlier histories. */
export interface EntityProgress {
  /** `extract`, `load`, `wait for upstreams`, `close`, `publish`, `verify`, at last its state, or what it waits for outside and until when. */
  readonly step: string;
  readonly slices: number;
  readonly batches: number;
  readonly records: number;
}

/** The same of one entity. Markdown. */
export function entityDetails(entity: string, { step, slices, batches, records }: EntityProgress): string {
  return [
    `**${entity}**: ${step}`,
    '',
    '| slices | batches loaded | records loaded |',
    '|---:|---:|---:|',
    `| ${slices} | ${batches} | ${records} |`,
    ...ROOM,
  ].join('\n');
}
