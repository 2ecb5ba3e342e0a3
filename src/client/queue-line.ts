import type { QueueLine } from '../database/lane-queue';
import { counted } from '../domain/counted';
import { shown } from './output';

/** What a queued request asks for: `full sync of contacts, items`. */
function wishOf({ kind, command }: QueueLine): string {
  const entities = (command['entities'] ?? []) as readonly string[];
  const full = command['full'] === true || kind === 'full' ? 'full ' : '';
  return `${full}${kind === 'full' ? 'sync' : kind} of ${entities.length === 0 ? 'all entities' : entities.join(', ')}`;
}

/** `2. queued-1a2b3c4d: full sync of contacts; asked for by ada since 2026-11-22 06:40:12 UTC; waits for 2026… to end`. */
export function queueLine(line: QueueLine, activeRunId: string | null): string {
  const { id, place, asked, actor, created_at: since } = line;
  const often = asked === 1 ? '' : ` (${counted(asked, 'time')})`;
  const behind = activeRunId === null ? 'waits for its start' : `waits for ${activeRunId} to end`;
  const asker = `asked for by ${shown(actor)} since ${since.slice(0, 10)} ${since.slice(11, 19)} UTC${often}`;
  return `${place}. ${id}: ${shown(wishOf(line))}; ${asker}; ${behind}`;
}
