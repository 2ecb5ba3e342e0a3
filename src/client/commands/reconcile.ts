import { wrongUse } from '../chosen-pipelines';
import type { CommandContext } from '../command-context';
import type { CommandResult } from '../envelope';
import type { RunFlags } from '../run-wishes';
import { carried } from './run';

export interface ReconcileFlags extends Omit<RunFlags, 'full'> {
  /** First and last day, in UTC. */
  readonly from?: string;
  readonly to?: string;
  /** Fetch what differs; delete what the source has no more. */
  readonly fix?: boolean;
  /** As without --fix. */
  readonly dryRun?: boolean;
}

/**
 * `freshet reconcile <pipeline…>`: compares tables with their source in a run of its own, follows it, and shows what differs. Exit code 4 when
 * something does, or still does after --fix.
 */
export function reconcile(named: readonly string[], flags: ReconcileFlags, context: CommandContext): Promise<CommandResult> {
  checkFlags(flags);
  const compare = { fix: flags.fix === true && flags.dryRun !== true, from: flags.from ?? null, to: flags.to ?? null };
  // A comparison is a run of its own, dry or not: it writes down what differs.
  return carried({ named, flags: { ...flags, dryRun: false }, compare }, context);
}

/** Days are those of UTC; another one may have begun where the source stands. */
const DAY_MS = 86_400_000;

function checkFlags({ fix = false, approveDeletes = false, from }: ReconcileFlags): void {
  if (approveDeletes && !fix) {
    throw wrongUse(
      '--approve-deletes without --fix approves nothing: a comparison deletes no row',
      'Add --fix, or leave it out. Nothing was started.',
    );
  }
  const tomorrow = new Date(Date.now() + DAY_MS).toISOString().slice(0, 10);
  if (from !== undefined && from > tomorrow) {
    throw wrongUse(
      `--from ${from} is yet to come: nothing has changed then, so nothing would be compared`,
      'Give an earlier day, or leave it out. Nothing was started.',
    );
  }
}
