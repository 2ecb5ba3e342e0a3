import { Option, type Command } from 'commander';
import type { Acting } from './acting';
import { collect } from './chosen-words';
import { withCommonFlags, type CommonFlags } from './common-flags';
import type { AcceptFlags } from './commands/compare-accept';
import type { CompareFlags } from './comparison-words';

/** `freshet compare …`: two sides, row by row. Bodies are loaded when they are called. */
export function addComparing(program: Command, act: Acting): void {
  const comparing = withCommonFlags(program.command('compare').enablePositionalOptions())
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
  addAccepting(comparing, act);
}

function addAccepting(comparing: Command, act: Acting): void {
  withCommonFlags(comparing.command('list'))
    .description('the comparisons of config/comparisons and what became of them; with a name: what was accepted of it')
    .argument('[name]', 'a comparison')
    .action((name: string | undefined, flags: CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/compare-accept')).compareList(name, context)),
    );
  withCommonFlags(comparing.command('accept'))
    .description('compare, and remember what differs now as known; a difference that changes is new again')
    .argument('<name>', 'a comparison')
    .option('--key <key>', 'only of this row, its key as the report shows it')
    .option('--field <column>', 'only of this column (left name)')
    .option('--because <text>', 'why it is right that they differ')
    .option('--until <day>', 'after this day they are new again')
    .option('--dry-run', 'only say how many')
    .action((name: string, flags: AcceptFlags & CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/compare-accept')).compareAccept(name, flags, context)),
    );
  withCommonFlags(comparing.command('unaccept'))
    .description('take acceptances back')
    .argument('<name>', 'a comparison')
    .option('--key <key>', 'only of this row')
    .option('--field <column>', 'only of this column')
    .option('--all', 'all of them')
    .option('--dry-run', 'only say how many')
    .action((name: string, flags: AcceptFlags & CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/compare-accept')).compareUnaccept(name, flags, context)),
    );
}
