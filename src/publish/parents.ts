import type { ReferenceCheck } from './chunk-sql';
import type { Mapping, Reference } from './mapping/mapping';
import type { PublishScope } from './publish-input';
import { isThere } from './references';
import type { TypedTable } from './typed-table';

/** What is known of each reference's parent at the beginning of a publish. */
export function readReferences({ db, input }: PublishScope, { references }: Mapping, typed: TypedTable): Promise<ReferenceCheck[]> {
  return Promise.all(
    references.map(async (reference) => ({
      reference,
      place: typed.columns.findIndex(({ name }) => name === reference.target),
      there: await isThere(db, reference),
      asOf: await readAsOf(db, input.pipeline, reference),
    })),
  );
}

/** The parent's last read, where everything of it is loaded; else the missing row may still come (contracts §7). */
async function readAsOf(db: PublishScope['db'], pipeline: string, { entity }: Reference): Promise<string | null> {
  const [row] = await db.query<{ as_of: string | null }>(
    `select e.as_of from freshet.pipeline_entity e
      where e.pipeline = $1 and e.entity = $2
        and not exists (select from freshet.extraction x where x.pipeline = $1 and x.entity = $2 and x.state = 'open')`,
    [pipeline, entity],
  );
  return row?.as_of ?? null;
}
