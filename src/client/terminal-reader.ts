import type { Reader } from '../domain/wait-words';

/** Who sits before this terminal: times are told in its zone, without naming it. `now`: ISO text; default this machine's clock. */
export function terminalReader(now: string = new Date().toISOString()): Reader {
  return { now, zone: Intl.DateTimeFormat().resolvedOptions().timeZone, named: false };
}
