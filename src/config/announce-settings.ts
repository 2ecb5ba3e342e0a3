import type { Log } from '../observability/log';
import type { LoadedSettings } from './load-settings';
import { originText } from './mistake';

/** Says in the log which environment and which files, variables and flags the settings come from, and every notice about them. */
export function announceSettings(log: Log, { settings, origins, warnings }: LoadedSettings): void {
  const places = [...origins.values()].map((origin) => (origin.kind === 'file' ? origin.file : originText(origin)));
  log('CF-002', { environment: settings.environment, layers: [...new Set(places)].sort().join(', ') || 'defaults alone' });
  for (const notice of warnings) log('CF-001', { notice });
}
