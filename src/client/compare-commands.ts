import { Option, type Command } from 'commander';
import type { Acting } from './acting';
import { collect } from './chosen-words';
import { withCommonFlags, type CommonFlags } from './common-flags';
import type { CompareFlags } from './comparison-words';

/** `freshet compare …`: two sides, row by row. Bodies are loaded when they are called. */
export function addComparing(program: Command, act: Acting): void {
  withCommonFlags(program.command('compare'))
    .description('compare two tables, queries, CSV or SQLite files, or what a file in config/comparisons names; needs PostgreSQL only')
    .argument(
      '<left>',
      'table:<schema>.<table>, query:<select>, csv:<path>, sqlite:<path>#<table>, env:<VARIABLE>#<table>; or a comparison’s name',
    )
    .argument('[right]', 'the other side, named likewise')
    .option('--key <columns>', 'what makes a row the same row (its primary key, else id)', collect)
    .option('--column <left=right>', 'a column that is called otherwise on the right', collect)
    .option('--ignore <columns>', 'columns that may differ', collect)
    .option('--tolerance <column=amount>', 'what may lie between: 0.01, 0.5%, 2s', collect)
    .option('--trim', 'blanks at the ends of texts do not count')
    .option('--ignore-case', 'the case of texts does not count')
    .option('--empty-is-null', 'an empty text and NULL are the same')
    .option('--samples <n>', 'examples of each kind of difference (10)')
    .addOption(new Option('--statistics <how>', 'counts: without the number of distinct values').choices(['full', 'counts']))
    .option('--markdown', 'as Markdown, with the figures of every column')
    .option('--output <file>', 'into a file: Markdown, or JSON with --json')
    .action((left: string, right: string | undefined, flags: CompareFlags & CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/compare')).compare(left, right, flags, context)),
    );
}
