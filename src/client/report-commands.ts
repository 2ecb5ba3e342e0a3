import type { Command } from 'commander';
import type { Acting } from './acting';
import type { ReportFlags } from './commands/report';
import { withCommonFlags, type CommonFlags } from './common-flags';

/** What stands in the tables, for people and programs elsewhere. Bodies are loaded when they are called. */
export function addReporting(program: Command, act: Acting): void {
  withCommonFlags(program.command('report'))
    .description('all tables: rows, sizes, last load, freshness, open rejects, columns; needs PostgreSQL only')
    .option('--markdown', 'as Markdown, with every column')
    .option('--output <file>', 'into a file: Markdown, or JSON with --json')
    .action((flags: ReportFlags & CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/report')).report(flags, context)),
    );
}
