/** freshet for programs: each step of a load as a typed function. docs/library.md has examples. */
export { analyze, type AnalyzeResult } from './client/library/analyze';
export { freshness, type FreshnessResult } from './client/library/freshness';
export {
  load,
  type InputOptions,
  type LoadedEntity,
  type LoadedRun,
  type LoadOptions,
  type LoadResult,
  type PublishedCounts,
} from './client/library/load';
export type { FreshetOptions } from './client/library/options';
export type { Statistics, StepResult, TableCount } from './client/library/result';
export { report, type ReportResult } from './client/library/report';
export { recreateTables, type RecreateOptions, type RecreateResult } from './client/library/tables';
export { verify, type VerifyOptions, type VerifyResult } from './client/library/verify';
