import { isFinalEntity } from '../../domain/run';
import type { LiveEntity } from './live-facts';

type Measured = Pick<LiveEntity, 'entity' | 'state' | 'listed' | 'fetched' | 'remaining' | 'started_at' | 'completed_at'>;

interface Sample {
  readonly at: number;
  readonly records: number;
}

/** So far back goes what counts as now. */
const WINDOW_MS = 10_000;
/** Less says more about the moment of reading than about the speed. */
const LEAST_MS = 1_000;

/** Records a second per entity, from one reading to the next. */
export class RateMeter {
  private readonly samples = new Map<string, readonly Sample[]>();

  rate(entity: Measured, now: string): number | null {
    const records = recordsSoFar(entity);
    if (isFinalEntity(entity.state)) return since(entity.started_at, entity.completed_at, entity.fetched);
    const at = Date.parse(now);
    const before = (this.samples.get(entity.entity) ?? []).filter((sample) => at - sample.at <= WINDOW_MS && sample.records <= records);
    this.samples.set(entity.entity, [...before, { at, records }]);
    const [first] = before;
    if (first === undefined || at - first.at < LEAST_MS) return since(entity.started_at, now, records);
    return ((records - first.records) * 1000) / (at - first.at);
  }
}

/** What moves: details where they are fetched, else what the lists showed. */
function recordsSoFar({ fetched, listed, remaining }: Measured): number {
  return fetched > 0 || remaining > 0 ? fetched : listed;
}

function since(from: string | null, to: string | null, records: number): number | null {
  if (from === null || to === null) return null;
  const ms = Date.parse(to) - Date.parse(from);
  return ms <= 0 || records === 0 ? null : (records * 1000) / Math.max(ms, 100);
}
