import { setTimeout as sleep } from 'node:timers/promises';
import type { Ask, SideConnections } from './side-connection';

/** `unknown`: PostgreSQL could not be asked in time, or is itself not done. */
export type CommitOutcome = 'committed' | 'aborted' | 'unknown';

const ASK_FOR_MS = 5_000;
const ASK_AGAIN_MS = 50;
/** How long a server may take to notice that nobody is left to hear its answer; then the transaction is ended. */
const PATIENCE_MS = 1_000;

/** Whether an error says nothing about what became of the COMMIT it answers: the connection broke, or the server ended it. */
export function leavesCommitOpen(error: unknown): boolean {
  const { code = '', severity } = error as { code?: string; severity?: string };
  return severity !== 'ERROR' || code.startsWith('08') || code.startsWith('57P');
}

/**
 * Asks what became of a transaction whose COMMIT was not answered (contracts §9): PostgreSQL knows it by its number, also after a crash.
 * Never throws.
 */
export async function commitOutcome(side: SideConnections, xid: string): Promise<CommitOutcome> {
  const begun = performance.now();
  const spent = (): number => performance.now() - begun;
  while (spent() < ASK_FOR_MS) {
    // A server that does not answer yet may be starting again; whoever asked has the error that brought us here.
    const outcome = await side.use((ask) => settled(ask, xid, spent)).catch(() => 'unknown' as const);
    if (outcome !== 'unknown') return outcome;
    await sleep(ASK_AGAIN_MS);
  }
  return 'unknown';
}

async function settled(ask: Ask, xid: string, spent: () => number): Promise<CommitOutcome> {
  let ended = false;
  while (spent() < ASK_FOR_MS) {
    const [row] = await ask<{ status: string | null }>('select pg_xact_status($1::xid8) as status', [xid]);
    if (row?.status === 'committed' || row?.status === 'aborted') return row.status;
    if (!ended && spent() > PATIENCE_MS) {
      await ask('select pg_terminate_backend(pid) from pg_stat_activity where backend_xid = $1::xid8::xid', [xid]);
      ended = true;
    }
    await sleep(ASK_AGAIN_MS);
  }
  return 'unknown';
}
