import { Option, type Command } from 'commander';
import type { Acting } from './acting';
import { collect } from './chosen-words';
import { withCommonFlags, type CommonFlags } from './common-flags';
import type { RehearseFlags } from './commands/rehearse';

/** `freshet rehearse <pipeline>`: a publish that is taken back, or accepted. Its body is loaded when it is called. */
export function addRehearsing(program: Command, act: Acting): void {
  withCommonFlags(program.command('rehearse'))
    .description(
      'what the next publish would change, row by row and column by column; asks no source and writes nothing; needs PostgreSQL only',
    )
    .argument('<pipeline>', 'name of a pipeline (config/pipelines/<name>.yaml), or the path of a file')
    .option('--entity <names>', 'only these entities, separated by commas', collect)
    .option('--since <span>', 'only records fetched within it, such as 90d')
    .option('--samples <n>', 'examples of each kind of change (5)')
    .addOption(
      new Option(
        '--apply [digest]',
        'publish exactly what was rehearsed (the newest rehearsal without a digest), all tables at one instant',
      ).conflicts(['entity', 'since', 'samples']),
    )
    .action((pipeline: string, flags: RehearseFlags & CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/rehearse')).rehearseCommand(pipeline, flags, context)),
    );
}
