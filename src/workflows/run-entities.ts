import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  CancellationScope,
  ChildWorkflowCancellationType,
  ParentClosePolicy,
  isCancellation,
  setCurrentDetails,
  sleep,
  startChild,
  workflowInfo,
  type ChildWorkflowHandle,
} from '@temporalio/workflow';
import type { EntityEndInput } from '../activities/index';
import type { PlanNode } from '../domain/plan';
import { skippedReason } from '../domain/skipped';
import { fixedDetails, runDetails } from './details';
import { entitySync } from './entity-sync';
import { failureFacts } from './failure-facts';
import { upstreamSettled } from './messages';
import type { PipelineRunInput } from './run-input';
import { entityMarks } from './search-attributes';
import { failedUpstream, isSettled, nextToBegin, type Standing } from './start-order';
import { runActivities } from './stage-activities';

type Handle = ChildWorkflowHandle<typeof entitySync>;
type EndState = EntityEndInput['state'];

/**
 * Carries every entity that is not final to its end: one child workflow each, bounded in number, in the order of the plan.
 * Never rejects: a failed entity is an end like another. When the run is cancelled, all that is left ends `cancelled`.
 */
export async function runEntities(input: PipelineRunInput, standings: Map<string, Standing>): Promise<void> {
  const team = new Team(input, standings);
  while ([...standings.values()].some((standing) => !isSettled(standing))) {
    const next = nextToBegin(input.graph, standings, input.limits.parallel);
    // What begins may let others begin that extract ahead of it, so it is asked again before anything is waited for.
    if (next.length > 0) next.forEach((node) => team.begin(node));
    else if (team.working.size > 0) await Promise.race(team.working);
    // Only a plan in a circle has nothing to begin and nothing at work; it is refused before a run begins.
    else return;
  }
}

/** The entities at work, and what they must be told. */
class Team {
  readonly working = new Set<Promise<void>>();
  private readonly handles = new Map<string, Handle>();
  /** Somebody asked for the run's end: through Temporal, or in PostgreSQL, which a stage noticed. */
  private stopping = false;

  constructor(
    private readonly input: PipelineRunInput,
    private readonly standings: Map<string, Standing>,
  ) {
    this.tellUi();
  }

  /** Shown in Temporal's Web UI; no part of the history. */
  private tellUi(): void {
    setCurrentDetails(runDetails(this.input.graph, this.standings));
  }

  begin(node: PlanNode): void {
    this.standings.set(node.entity, 'working');
    this.tellUi();
    const work: Promise<void> = this.carry(node)
      .then((state) => this.settle(node.entity, state))
      .finally(() => this.working.delete(work));
    this.working.add(work);
  }

  private async carry(node: PlanNode): Promise<EndState> {
    try {
      if (this.stopping || CancellationScope.current().consideredCancelled)
        return await this.end({ ...this.named(node), state: 'cancelled' });
      const failed = failedUpstream(node, this.standings);
      if (failed) return await this.end({ ...this.named(node), state: 'skipped', reason: skippedReason(failed) });
      const handle = await this.start(node);
      this.handles.set(node.entity, handle);
      await this.tellWhatEndedMeanwhile(node, handle);
      const result = await handle.result();
      return result.state === 'completed' ? 'completed' : await this.end({ ...this.named(node), ...result });
    } catch (error) {
      const facts = failureFacts(error, this.input.limits.giveUpAfterMs);
      this.stopping ||= facts.code === 'cancel-requested';
      // Asked to stop, an entity may still trip over what it was retrying; that is no failure of the run any more.
      const stopped = this.stopping || CancellationScope.current().consideredCancelled;
      if (stopped || isCancellation(error) || facts.type === 'cancelled')
        return await this.end({ ...this.named(node), state: 'cancelled' });
      return await this.end({ ...this.named(node), state: 'failed', error: facts });
    } finally {
      this.handles.delete(node.entity);
    }
  }

  private named(node: PlanNode): { runId: string; entity: string } {
    return { runId: this.input.runId, entity: node.entity };
  }

  /**
   * Entities are ended whatever happens to the run, and a final one stays as it is. What cannot be ended here, `endRun` ends. Answers with
   * what those that depend on it are told: some errors mean that it is held. Histories from before that say nothing of it.
   */
  private async end(end: EntityEndInput): Promise<EndState> {
    const { endEntity } = runActivities(this.input.limits);
    const summary = `end ${end.entity}: ${end.state}`;
    const told = await CancellationScope.nonCancellable(() => endEntity.executeWithOptions({ summary }, [end])).catch(() => undefined);
    return told?.state ?? end.state;
  }

  /** After a restart of the run, children of the run before it may still be ending: their ids are free when they have. */
  private async start(node: PlanNode): Promise<Handle> {
    for (;;) {
      try {
        return await startChild(entitySync, this.childOptions(node));
      } catch (error) {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
        await sleep(1000, { summary: `${node.entity}: its earlier workflow is still ending` });
      }
    }
  }

  private childOptions(node: PlanNode) {
    const { runId, pipeline, limits } = this.input;
    const waitsFor = node.dependsOn.filter((name) => this.standings.has(name) && !isSettled(this.standings.get(name)));
    return {
      workflowId: `${workflowInfo().workflowId}/${node.entity}`,
      args: [{ runId, entity: node.entity, waitsFor, limits, slices: 0 }] as Parameters<typeof entitySync>,
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
      cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
      workflowTaskTimeout: limits.workflowTaskMs,
      staticSummary: `${pipeline} ${node.entity}`,
      staticDetails: fixedDetails(runId),
      ...entityMarks(node.entity),
    };
  }

  /** Between the command that starts a child and its start, an upstream may have ended unheard. */
  private async tellWhatEndedMeanwhile(node: PlanNode, handle: Handle): Promise<void> {
    for (const entity of node.dependsOn) {
      const state = this.standings.get(entity);
      if (state !== undefined && isSettled(state)) await tell(handle, { entity, state: state as EndState });
    }
  }

  private async settle(entity: string, state: EndState): Promise<void> {
    this.standings.set(entity, state);
    this.tellUi();
    const downstream = this.input.graph.filter((node) => node.dependsOn.includes(entity));
    const listening = downstream.flatMap((node) => this.handles.get(node.entity) ?? []);
    await Promise.all(listening.map((handle) => tell(handle, { entity, state })));
  }
}

/** A child that has just ended, or a run that is being cancelled, needs no telling any more. */
async function tell(handle: Handle, upstream: { entity: string; state: EndState }): Promise<void> {
  await handle.signal(upstreamSettled, upstream).catch(() => undefined);
}
