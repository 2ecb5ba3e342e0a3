import type { Database } from '../../database/database';
import { isFreshetError } from '../../domain/errors';
import { temporalAddressOf } from '../addresses';
import type { Project } from '../project';
import { connectTemporal, type TemporalLink } from '../temporal/connect-temporal';
import { hasWorker } from '../temporal/pollers';
import { readScheduleFacts, type ScheduleFacts } from './schedule-facts';
import { TemporalSchedules } from './temporal-schedules';

/** Status is asked when things are wrong: it must not wait for what does not answer. */
const ANSWER_WITHIN_MS = 1_000;

/** When each pipeline starts next and why not, by pipeline: from Temporal where it answers within a second, else from PostgreSQL's record of what was applied. */
export async function statusSchedules(project: Project, db: Database): Promise<ReadonlyMap<string, ScheduleFacts>> {
  // A database that only an older version has worked on has no schedules yet.
  const [row] = await db.query<{ there: boolean }>(`select to_regclass('freshet.schedule') is not null as there`);
  if (row?.there !== true) return new Map();
  const link = await temporalNow(project);
  try {
    const facts = await read(project, db, link);
    return new Map(facts.map((each) => [each.pipeline, each]));
  } finally {
    if (typeof link !== 'string') await link.close();
  }
}

async function read(project: Project, db: Database, link: TemporalLink | string): Promise<ScheduleFacts[]> {
  const { loaded } = project;
  const now = new Date();
  if (typeof link === 'string')
    return (await readScheduleFacts({ db, loaded, schedules: null }, now)).map((facts) => withObstacle(facts, link));
  try {
    const schedules = new TemporalSchedules(link, loaded.settings.environment, ANSWER_WITHIN_MS);
    const facts = await readScheduleFacts({ db, loaded, schedules }, now);
    const working = await hasWorker(link);
    return working ? facts : facts.map((each) => withObstacle(each, `no worker is running for ${link.taskQueue} (./freshet worker)`));
  } catch (error) {
    return read(project, db, reasonOf(error));
  }
}

async function temporalNow({ loaded: { settings } }: Project): Promise<TemporalLink | string> {
  try {
    return await connectTemporal({ ...settings.temporal, address: temporalAddressOf(settings) }, ANSWER_WITHIN_MS);
  } catch (error) {
    return reasonOf(error);
  }
}

function reasonOf(error: unknown): string {
  if (!isFreshetError(error)) throw error;
  return error.message;
}

/** What would keep a start from happening is said where there would be one. */
function withObstacle(facts: ScheduleFacts, obstacle: string): ScheduleFacts {
  return facts.next.length === 0 ? facts : { ...facts, why_not: [facts.why_not, obstacle].filter((text) => text !== null).join('; ') };
}
