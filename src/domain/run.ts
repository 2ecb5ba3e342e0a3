/** States of a run and of an entity within it (contracts §2). Tables `freshet.run`, `freshet.run_entity`; a trigger there keeps the same transitions. */
export const RUN_STATES = ['starting', 'running', 'paused', 'completed', 'doubtful', 'partial', 'failed', 'cancelled', 'skipped'] as const;
export type RunState = (typeof RUN_STATES)[number];

export const ENTITY_STATES = [
  'waiting',
  'extracting',
  'loading',
  'publishing',
  'verifying',
  'completed',
  'failed',
  'held',
  'skipped',
  'cancelled',
] as const;
export type EntityState = (typeof ENTITY_STATES)[number];

/** From → to. A state without successors is final; final is final. */
export const RUN_TRANSITIONS = {
  starting: ['running', 'failed', 'cancelled'],
  running: ['paused', 'completed', 'doubtful', 'partial', 'failed', 'cancelled'],
  paused: ['running', 'failed', 'cancelled'],
  completed: [],
  doubtful: [],
  partial: [],
  failed: [],
  cancelled: [],
  skipped: [],
} as const satisfies Record<RunState, readonly RunState[]>;

export const ENTITY_TRANSITIONS = {
  waiting: ['extracting', 'loading', 'verifying', 'failed', 'held', 'skipped', 'cancelled'],
  extracting: ['loading', 'publishing', 'verifying', 'failed', 'held', 'skipped', 'cancelled'],
  loading: ['extracting', 'publishing', 'verifying', 'failed', 'held', 'skipped', 'cancelled'],
  publishing: ['verifying', 'failed', 'held', 'cancelled'],
  verifying: ['completed', 'failed', 'held', 'cancelled'],
  completed: [],
  failed: [],
  held: [],
  skipped: [],
  cancelled: [],
} as const satisfies Record<EntityState, readonly EntityState[]>;

export const FINAL_RUN_STATES: readonly RunState[] = RUN_STATES.filter((state) => RUN_TRANSITIONS[state].length === 0);
export const FINAL_ENTITY_STATES: readonly EntityState[] = ENTITY_STATES.filter((state) => ENTITY_TRANSITIONS[state].length === 0);

export function isFinalRun(state: RunState): boolean {
  return FINAL_RUN_STATES.includes(state);
}

export function isFinalEntity(state: EntityState): boolean {
  return FINAL_ENTITY_STATES.includes(state);
}

export function mayMove<State extends string>(table: Readonly<Record<State, readonly State[]>>, from: State, to: State): boolean {
  return from === to || table[from].includes(to);
}

/** What a finished entity contributes to the verdict over its run. */
export interface EntityOutcome {
  readonly state: EntityState;
  readonly doubt: boolean;
  /** Skipped because its data is fresh enough, not because something upstream is missing. */
  readonly freshUntil: boolean;
}

/** The precedence of contracts §2, from the worst down. */
export function runOutcome(entities: readonly EntityOutcome[], cancelRequested: boolean): RunState {
  const some = (state: EntityState): boolean => entities.some((entity) => entity.state === state);
  if (!some('completed') && some('failed')) return 'failed';
  if (cancelRequested) return 'cancelled';
  const incomplete = entities.some((entity) => entity.state !== 'completed' && !(entity.state === 'skipped' && entity.freshUntil));
  if (incomplete) return 'partial';
  return entities.some((entity) => entity.doubt) ? 'doubtful' : 'completed';
}

/** Exit code of a command that waited for the run (contracts §2). */
export function exitCodeOf(state: RunState): number {
  if (state === 'completed' || state === 'skipped') return 0;
  if (state === 'partial') return 3;
  if (state === 'doubtful') return 4;
  return 1;
}
