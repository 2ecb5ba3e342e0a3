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
export function runDetails(runId: string, plan: Plan, standings: ReadonlyMap<string, Standing>): string {
  const rows = plan.map(({ entity, dependsOn }) => {
    const standing = standings.get(entity) ?? 'waiting';
    return `| ${MARKS[standing]} | ${entity} | ${standing} | ${dependsOn.join(', ')} |`;
  });
  return ['| | entity | state | after |', '|---|---|---|---|', ...rows, '', `Counts, doubts and errors: \`./freshet show ${runId}\``].join(
    '\n',
  );
}

/** How far an entity is. `slices` are those of this and all earlier histories. */
export interface EntityProgress {
  /** `extract`, `load`, `wait for upstreams`, `close`, `verify`, or what it waits for outside and until when. */
  readonly step: string;
  readonly slices: number;
  readonly batches: number;
  readonly records: number;
}

/** The same of one entity. Markdown. */
export function entityDetails(runId: string, entity: string, { step, slices, batches, records }: EntityProgress): string {
  return [
    `**${entity}**: ${step}`,
    '',
    '| slices | batches loaded | records loaded |',
    '|---:|---:|---:|',
    `| ${slices} | ${batches} | ${records} |`,
    '',
    `The whole ledger: \`./freshet show ${runId}\``,
  ].join('\n');
}
