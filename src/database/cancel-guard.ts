import type pg from 'pg';
import type { SideConnections } from './side-connection';

/** What a cancel must find. */
export interface Identity {
  readonly pid: number;
  /** Absent: outside a transaction. */
  readonly xid: string | null;
}

export function pidOf(client: pg.PoolClient): Identity {
  return { pid: (client as pg.PoolClient & { processID?: number }).processID ?? 0, xid: null };
}

/**
 * Cancels the running statement when the signal fires, on this connection only, and never once COMMIT was sent. The cancel goes over a
 * connection of its own: where every connection of the pool is busy, it would be served when there is nothing left to cancel.
 */
export class CancelGuard {
  committing = false;
  cancelSent = false;
  /** The connection is of no use any more. */
  broken = false;
  private readonly onAbort = (): void => {
    if (this.committing) return;
    this.cancelSent = true;
    const { pid, xid } = this.identity;
    const cancel =
      'select pg_cancel_backend(pid) from pg_stat_activity where pid = $1 and ($2::text is null or backend_xid = $2::xid8::xid)';
    this.side.use((ask) => ask(cancel, [pid, xid])).catch(() => undefined);
  };

  constructor(
    private readonly side: SideConnections,
    private readonly signal: AbortSignal,
    public identity: Identity,
  ) {
    signal.addEventListener('abort', this.onAbort, { once: true });
  }

  commitSent(): void {
    this.committing = true;
  }

  dispose(): void {
    this.signal.removeEventListener('abort', this.onAbort);
  }
}
