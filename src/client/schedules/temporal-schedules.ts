import { ScheduleNotFoundError, type ScheduleDescription, type ScheduleHandle } from '@temporalio/client';
import { FreshetError } from '../../domain/errors';
import { scheduleId } from '../../domain/schedule';
import { temporalError, type TemporalLink } from '../temporal/connect-temporal';
import { compileSchedule, type DesiredSchedule } from './compile-schedule';

/** Each schedule is a workflow of the server: the first look at one after a while takes its time. */
const ANSWER_WITHIN_MS = 15_000;

/** The schedules of one environment in Temporal. Whatever goes wrong on the way there is told as `temporal-unreachable` or `-refused`. */
export class TemporalSchedules {
  constructor(
    private readonly temporal: TemporalLink,
    private readonly environment: string,
    private readonly withinMs: number = ANSWER_WITHIN_MS,
  ) {}

  /** `null`: there is none. Errors: `schedule-of-another-environment`. */
  async find(pipeline: string): Promise<ScheduleDescription | null> {
    const found = await this.asked(async () => this.handle(pipeline).describe(), null);
    const owner = found === null ? this.environment : environmentOf(found.memo);
    if (owner !== this.environment) throw ofAnother(pipeline, owner);
    return found;
  }

  /** Names of our pipelines that Temporal lists; its list may lag behind by seconds. */
  async listed(): Promise<string[]> {
    return this.asked(async () => {
      const names: string[] = [];
      for await (const { memo } of this.temporal.client.schedule.list()) {
        if (environmentOf(memo) === this.environment) names.push(pipelineOf(memo));
      }
      return names;
    });
  }

  create(desired: DesiredSchedule, state: { readonly paused: boolean; readonly note: string }): Promise<unknown> {
    const compiled = compileSchedule(desired);
    return this.asked(() => this.temporal.client.schedule.create({ scheduleId: scheduleId(desired.pipeline), ...compiled, state }));
  }

  /** Everything of ours anew. Paused stays paused with its own note; a number of starts that somebody set is lifted. */
  update(desired: DesiredSchedule, note: string): Promise<void> {
    const { spec, action, policies } = compileSchedule(desired);
    return this.asked(() =>
      this.handle(desired.pipeline).update(({ state }) => ({
        spec,
        action,
        policies,
        state: state.paused ? { paused: true, ...(state.note === undefined ? {} : { note: state.note }) } : { paused: false, note },
      })),
    );
  }

  async remove(pipeline: string): Promise<void> {
    await this.asked(async () => this.handle(pipeline).delete(), null);
  }

  async pause(pipeline: string, note: string): Promise<void> {
    await this.asked(async () => this.handle(pipeline).pause(note));
  }

  async resume(pipeline: string, note: string): Promise<void> {
    await this.asked(async () => this.handle(pipeline).unpause(note));
  }

  /** Starts it now, as if its time had come; the lane decides what becomes of it. */
  async trigger(pipeline: string): Promise<void> {
    await this.asked(async () => this.handle(pipeline).trigger());
  }

  private handle(pipeline: string): ScheduleHandle {
    return this.temporal.client.schedule.getHandle(scheduleId(pipeline));
  }

  private async asked<T>(body: () => Promise<T>): Promise<T>;
  private async asked<T, E>(body: () => Promise<T>, ifUnknown: E): Promise<T | E>;
  private async asked<T, E>(body: () => Promise<T>, ifUnknown?: E): Promise<T | E> {
    try {
      return await this.temporal.client.withDeadline(Date.now() + this.withinMs, body);
    } catch (error) {
      if (error instanceof ScheduleNotFoundError && ifUnknown !== undefined) return ifUnknown;
      throw temporalError(error, this.temporal);
    }
  }
}

type Memo = Readonly<Record<string, unknown>> | undefined;

function ours(memo: Memo): { readonly environment?: string; readonly pipeline?: string } {
  return memo?.['freshet'] ?? {};
}

function environmentOf(memo: Memo): string {
  return ours(memo).environment ?? 'nobody';
}

function pipelineOf(memo: Memo): string {
  return ours(memo).pipeline ?? '';
}

function ofAnother(pipeline: string, owner: string): FreshetError {
  return new FreshetError('config_error', {
    code: 'schedule-of-another-environment',
    message: `Temporal has a schedule ${scheduleId(pipeline)} that belongs to ${owner === 'nobody' ? 'somebody else' : `environment ${owner}`}`,
    why: 'A schedule is known by its pipeline’s name within a namespace of Temporal.',
    remedy: 'Give each environment a namespace of its own (temporal.namespace), or delete that schedule in Temporal.',
    where: scheduleId(pipeline),
  });
}
