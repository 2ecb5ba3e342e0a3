// Only the workflows are exported: Temporal registers each exported function under its name, and those names are kept in histories.
export { entitySync } from './entity-sync';
export { pipelineRun } from './pipeline-run';
export { scheduledStart } from './scheduled-start';
