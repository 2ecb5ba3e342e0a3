import type { Command } from 'commander';
import type { Acting } from './acting';
import { withCommonFlags, type CommonFlags } from './common-flags';
import type { ApplyFlags, PauseFlags } from './commands/schedule';

/** `freshet schedule …`. Bodies are loaded when they are called. */
export function addSchedule(program: Command, act: Acting): void {
  const schedule = program.command('schedule').description('when pipelines start by themselves: from their files into Temporal');
  withCommonFlags(schedule.command('apply'))
    .description('make Temporal have the schedules of config/pipelines: create, update, delete, read back')
    .option('--dry-run', 'only say what would be done')
    .action((flags: ApplyFlags & CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/schedule')).scheduleApply(flags, context)),
    );
  withCommonFlags(schedule.command('diff'))
    .description('what apply would do; exit code 4 when there is anything')
    .action((flags: CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/schedule')).scheduleDiff(context)),
    );
  withCommonFlags(schedule.command('list'))
    .description('every pipeline: next times, zone, paused and why')
    .action((flags: CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/schedule')).scheduleList(context)),
    );
  addSteering(schedule, act);
}

function addSteering(schedule: Command, act: Acting): void {
  withCommonFlags(schedule.command('pause'))
    .description('no scheduled starts until resume')
    .argument('<pipeline>', 'name of the pipeline')
    .option('--reason <text>', 'why; shown wherever somebody asks')
    .action((pipeline: string, flags: PauseFlags & CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/schedule')).schedulePause(pipeline, flags, context)),
    );
  withCommonFlags(schedule.command('resume'))
    .description('scheduled starts again, from the next time on')
    .argument('<pipeline>', 'name of the pipeline')
    .action((pipeline: string, flags: CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/schedule')).scheduleResume(pipeline, context)),
    );
  withCommonFlags(schedule.command('trigger'))
    .description('start it now, as its schedule would')
    .argument('<pipeline>', 'name of the pipeline')
    .action((pipeline: string, flags: CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/schedule')).scheduleTrigger(pipeline, context)),
    );
}
