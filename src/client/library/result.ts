import { performance } from 'node:perf_hooks';
import { errorView } from '../envelope';

/** What every function answers; none of them throws for anything that can go wrong with settings, files, PostgreSQL or Temporal. */
export interface StepResult {
  /** Everything came through and nothing was found wrong. */
  readonly success: boolean;
  /** One sentence; `null` where there was none. */
  readonly error: string | null;
  /** Class of the error (docs/errors): `config_error`, `file_error`, `validation_error`, …; `findings`: the work was done, and something is wrong. */
  readonly error_type: string | null;
  /** Stable, such as `no-input`; each has a page in docs/errors. */
  readonly error_code: string | null;
  /** What to do. */
  readonly remedy: string | null;
  readonly statistics: Statistics;
  readonly tables: readonly TableCount[];
}

export interface Statistics {
  readonly total_records: number;
  /** s */
  readonly processing_time_seconds: number;
  readonly records_per_second: number;
}

export interface TableCount {
  /** `schema.table` */
  readonly name: string;
  readonly record_count: number;
}

/** What a body comes to, besides the time that it took. */
export interface Outcome<More> {
  readonly error?: { readonly message: string; readonly type: string; readonly code: string | null; readonly remedy: string };
  readonly records: number;
  readonly tables: readonly TableCount[];
  readonly more: More;
}

/** Runs a body and measures it; whatever it throws becomes the result. `none`: what the body's own part is then. */
export async function asResult<More extends object>(none: More, body: () => Promise<Outcome<More>>): Promise<StepResult & More> {
  const began = performance.now();
  const outcome = await body().catch((thrown: unknown): Outcome<More> => ({
    error: errorView(thrown),
    records: 0,
    tables: [],
    more: none,
  }));
  const seconds = (performance.now() - began) / 1000;
  const { error, records, tables, more } = outcome;
  return {
    ...more,
    success: error === undefined,
    error: error?.message ?? null,
    error_type: error?.type ?? null,
    error_code: error?.code ?? null,
    remedy: error?.remedy ?? null,
    statistics: {
      total_records: records,
      processing_time_seconds: Math.round(seconds * 1000) / 1000,
      records_per_second: seconds === 0 ? 0 : Math.round(records / seconds),
    },
    tables,
  };
}
