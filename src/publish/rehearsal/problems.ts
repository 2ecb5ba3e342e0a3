import type { Database } from '../../database/database';
import { ident } from '../../database/identifier';
import { FreshetError, isFreshetError } from '../../domain/errors';
import type { Shadow, ShadowEntity } from './shadow';

export interface RuleCount {
  readonly rule: string;
  readonly field: string | null;
  readonly records: number;
}

export interface RefusedSample {
  readonly record: string;
  readonly reasons: readonly string[];
}

export interface Refused {
  readonly rules: readonly RuleCount[];
  /** Of the refused records: those that are no open rejects now. Of the open rejects: those that would be closed. */
  readonly anew: number;
  readonly healed: number;
  readonly samples: readonly RefusedSample[];
}

/** All three sides of a field; `''` is the row as a whole. `decision`: what a strategy says; `null`: it waits for a person. */
export interface ContestedSample {
  readonly record: string;
  readonly key: string | null;
  readonly field: string;
  readonly base: string | null;
  readonly source: string | null;
  readonly target: string | null;
  readonly decision: string | null;
}

export interface Contested {
  readonly open: number;
  readonly decided: number;
  readonly samples: readonly ContestedSample[];
}

const OWN = `r.run_id = $1 and r.entity = $2 and r.stage = 'publish'`;
const CUT = 1_000;

/** The records that the rehearsed publish refused. */
export async function refused(db: Database, { shadow, entity, samples }: Asked): Promise<Refused> {
  const of = [shadow.runId, entity.original.entity];
  const rules = await db.query<{ rule: string; field: string | null; records: string }>(
    `select x ->> 'rule' as rule, x ->> 'field' as field, count(distinct r.record_id) as records
       from freshet.reject r, jsonb_array_elements(r.reasons) x where ${OWN} group by 1, 2 order by 3 desc, 1, 2`,
    of,
  );
  const [counts] = await db.query<{ anew: string; healed: string }>(
    `select (select count(*) from freshet.reject r where ${OWN}
               and not exists (select from freshet.reject o where o.pipeline = $3 and o.entity = $2 and o.stage = 'publish' and o.closed_by_run is null
                                 and o.record_id = r.record_id)) as anew,
            (select count(*) from freshet.reject r where r.closed_by_run = $1 and r.entity = $2 and r.closed_because = 'good') as healed`,
    [...of, entity.original.pipeline],
  );
  const rows = await db.query<{ record: string; reasons: string[] }>(
    `select left(r.record_id, ${CUT}) as record, array(select left(x ->> 'message', ${CUT}) from jsonb_array_elements(r.reasons) x) as reasons
       from freshet.reject r where ${OWN} order by r.record_id limit $3`,
    [...of, samples],
  );
  return {
    rules: rules.map(({ rule, field, records }) => ({ rule, field, records: Number(records) })),
    anew: Number(counts!.anew),
    healed: Number(counts!.healed),
    samples: rows.map(({ record, reasons }) => ({ record, reasons: reasons.map((reason) => inProduction(shadow, reason)) })),
  };
}

/** The fields that source and target changed differently, by what the rehearsed publish wrote down. */
export async function contested(db: Database, { shadow, entity, samples }: Asked): Promise<Contested> {
  const own = `from freshet.conflict where run_id = $1 and entity = $2 and state in ('open', 'decided')`;
  const of = [shadow.runId, entity.original.entity];
  const [counts] = await db.query<{ open: string; decided: string }>(
    `select count(*) filter (where state = 'open') as open, count(*) filter (where state = 'decided') as decided ${own}`,
    of,
  );
  const rows = await db.query<{ [Name in keyof ContestedSample]: ContestedSample[Name] }>(
    `select record_id as record, unique_value as key, field, left(base_value, ${CUT}) as base, left(source_value, ${CUT}) as source,
            left(target_value, ${CUT}) as target, decision ${own} order by state desc, record_id, field limit $3`,
    [...of, samples],
  );
  return { open: Number(counts!.open), decided: Number(counts!.decided), samples: rows };
}

interface Asked {
  readonly shadow: Shadow;
  readonly entity: ShadowEntity;
  readonly samples: number;
}

/** An error that a publish into a copy ended with, as that of a publish into the table. */
export function errorInProduction(shadow: Shadow, error: unknown): unknown {
  if (!isFreshetError(error)) return error;
  const { type, code, message, why, remedy, where, next, facts, retryable } = error;
  const told = { message: inProduction(shadow, message), remedy: inProduction(shadow, remedy) };
  const more = {
    ...(why === undefined ? {} : { why: inProduction(shadow, why) }),
    ...(where === undefined ? {} : { where: inProduction(shadow, where) }),
  };
  return new FreshetError(type, { code, ...told, ...more, next, facts, retryable, cause: error });
}

/** Sentences name the table that a copy stands for. */
function inProduction({ name, entities }: Shadow, sentence: string): string {
  return sentence.replace(new RegExp(`\\b${name}\\.(t\\d+)\\b`, 'g'), (copy, table: string) => {
    const found = entities.find((each) => each.name === ident(name, table));
    return found === undefined ? copy : `${found.original.target.schema}.${found.original.target.table}`;
  });
}
