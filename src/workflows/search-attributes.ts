import type { SearchAttributePair } from '@temporalio/common';
import { upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { RunState } from '../domain/run';
import { ENTITY, KIND, PIPELINE, STATUS } from './marks';

/** Marks of an entity's workflow: those of its run, where that has any. */
export function entityMarks(entity: string): { readonly typedSearchAttributes?: SearchAttributePair[] } {
  const { typedSearchAttributes: run } = workflowInfo();
  const [pipeline, kind] = [run.get(PIPELINE), run.get(KIND)];
  if (pipeline === undefined || kind === undefined) return {};
  // The state is the run's: how an entity stands, Temporal's own status says.
  const marks: SearchAttributePair[] = [
    { key: PIPELINE, value: pipeline },
    { key: KIND, value: kind },
    { key: ENTITY, value: entity },
  ];
  return { typedSearchAttributes: marks };
}

/** Only where the run was started with marks: setting one that the server does not know would fail the workflow's task for ever. */
export function markState(state: RunState): void {
  if (workflowInfo().typedSearchAttributes.get(STATUS) === undefined) return;
  upsertSearchAttributes([{ key: STATUS, value: state }]);
}
