import type { ReferenceCheck } from './chunk-sql';
import type { Mapping, Reference } from './mapping/mapping';
import type { PublishScope } from './publish-input';
import { hasColumn } from './references';
import type { TypedTable } from './typed-table';

/** What is known of each reference's parent at the beginning of a publish. */
export function readReferences(scope: PublishScope, { references }: Mapping, typed: TypedTable): Promise<ReferenceCheck[]> {
  return Promise.all(
    references.map(async (reference) => ({
      reference,
      place: typed.columns.findIndex(({ name }) => name === reference.target),
      there: await hasColumn(scope.db, reference),
      ownPlace: reference.entity === scope.input.entity ? typed.columns.findIndex(({ name }) => name === reference.column) : null,
      asOf: await readAsOf(scope, reference),
    })),
  );
}

/** By target: until when a key that a lookup does not find may still come. Absent: nobody knows, or there is more to be loaded. */
export async function readLookupEnds(scope: PublishScope, { lookups }: Mapping): Promise<LookupEnds> {
  const ends: Record<string, { asOf: string; own: boolean }> = {};
  for (const { entity, into } of lookups) {
    const asOf = entity === null ? null : await readAsOf(scope, { entity });
    if (asOf !== null) ends[into] = { asOf, own: entity === scope.input.entity };
  }
  return new Map(Object.entries(ends));
}

export type LookupEnds = ReadonlyMap<string, { readonly asOf: string; readonly own: boolean }>;

/** The parent's last read, where everything of it is loaded; else the missing row may still come (contracts §7). */
async function readAsOf({ db, input }: PublishScope, { entity }: Pick<Reference, 'entity'>): Promise<string | null> {
  const [row] = await db.query<{ as_of: string | null }>(
    `select e.as_of from freshet.pipeline_entity e
      where e.pipeline = $1 and e.entity = $2
        and not exists (select from freshet.extraction x where x.pipeline = $1 and x.entity = $2 and x.state = 'open')`,
    [input.copyOf?.pipeline ?? input.pipeline, entity],
  );
  return row?.as_of ?? null;
}
