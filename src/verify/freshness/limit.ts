import type { PipelineSettings } from '../../config/pipeline';
import type { SwitchedOff } from '../../config/switches';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** What the next day's read takes itself, and the hour that clocks go back: until then a daily table older than a day is no alarm. */
const DAILY_GRACE_MS = 2 * HOUR_MS;

/** Where a limit stands; `schedule`: it follows from how often the pipeline runs; `files`: from nothing but that files are loaded daily. */
export type LimitFrom = 'entity' | 'pipeline' | 'settings' | 'schedule' | 'files';

export interface Limit {
  /** ms; an older table is stale. */
  readonly maxAge: number;
  readonly from: LimitFrom;
  /** ms; an older table is an alarm. `null`: it never is. */
  readonly alarmAfter: number | null;
}

/** What is expected of a table. */
export interface Expected {
  /** `null`: nobody set one, and nothing runs by itself. */
  readonly limit: Limit | null;
  /** ms; the greatest date in the rows may be so old. `null`: as old as it likes. */
  readonly newestMaxAge: number | null;
  /** The source's field that holds the business date. `null`: by the order of date-column.ts. */
  readonly dateField: string | null;
  /** Whether its rows have no business date by nature. `null`: by the list of date-column.ts. */
  readonly master: boolean | null;
  /** What keeps it from being read, because a person wants it so: then it may be as old as it likes. `null`: nothing. */
  readonly off: SwitchedOff | null;
}

export const NOTHING_EXPECTED: Expected = { limit: null, newestMaxAge: null, dateField: null, master: null, off: null };

/** Limits of a pipeline's tables; `otherwise`: those of tables that its file does not name. */
export interface PipelineLimits {
  readonly entities: ReadonlyMap<string, Expected>;
  readonly otherwise: Expected;
}

/** What is switched off: all of a pipeline, or an entity of it. */
export interface Switches {
  readonly pipeline: SwitchedOff | null;
  readonly entity: (name: string) => SwitchedOff | null;
}

export const ALL_ON: Switches = { pipeline: null, entity: () => null };

/** Who names a limit, nearest first: the entity, its pipeline, the settings (only for what runs by itself), the schedule. What is switched off has none. */
export function pipelineLimits(pipeline: PipelineSettings, inSettings: number | undefined, switches: Switches = ALL_ON): PipelineLimits {
  const whole = explicit(pipeline.freshness?.max_age, 'pipeline') ?? scheduled(pipeline.schedule, inSettings);
  const entities = Object.entries(pipeline.entities).map(([entity, { freshness }]): [string, Expected] => {
    const off = switches.pipeline ?? switches.entity(entity);
    return [
      entity,
      {
        limit: off === null ? (explicit(freshness?.max_age, 'entity') ?? whole) : null,
        newestMaxAge: off === null ? (freshness?.newest_max_age ?? null) : null,
        dateField: freshness?.date_field ?? null,
        master: freshness?.master ?? null,
        off,
      },
    ];
  });
  return { entities: new Map(entities), otherwise: { ...NOTHING_EXPECTED, off: switches.pipeline } };
}

/**
 * Tables that `freshet load` fills from folders of other tools: with what their pipeline file says, where there is one. Nobody is alarmed
 * unless a file or the settings name a limit.
 */
export function fileLimits(inSettings: number | undefined, pipeline: PipelineSettings | null = null): PipelineLimits {
  const limit =
    explicit(pipeline?.freshness?.max_age, 'pipeline') ??
    explicit(inSettings, 'settings') ??
    ({ maxAge: DAY_MS, from: 'files', alarmAfter: null } as const);
  const own = pipeline === null ? [] : [...pipelineLimits(pipeline, inSettings).entities];
  const entities = own.map(([name, expected]) => [name, { ...expected, limit: expected.limit ?? limit }] as const);
  return { entities: new Map(entities), otherwise: { ...NOTHING_EXPECTED, limit } };
}

function explicit(maxAge: number | undefined, from: LimitFrom): Limit | null {
  return maxAge === undefined ? null : { maxAge, from, alarmAfter: maxAge };
}

function scheduled(schedule: PipelineSettings['schedule'], inSettings: number | undefined): Limit | null {
  return schedule === undefined ? null : (explicit(inSettings, 'settings') ?? scheduleLimit(schedule));
}

/** 24 h for daily schedules, else twice the interval. A cron expression names no interval, so it counts as daily. */
function scheduleLimit({ every, frequency }: NonNullable<PipelineSettings['schedule']>): Limit {
  const interval = every ?? INTERVALS[frequency ?? 'daily'];
  const maxAge = every === undefined && interval === DAY_MS ? DAY_MS : 2 * interval;
  return { maxAge, from: 'schedule', alarmAfter: maxAge === DAY_MS && every === undefined ? DAY_MS + DAILY_GRACE_MS : maxAge };
}

const INTERVALS = { hourly: HOUR_MS, daily: DAY_MS, weekly: 7 * DAY_MS, monthly: 31 * DAY_MS } as const;
