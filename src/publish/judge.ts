import type { Tx } from '../database/database';
import {
  CONTESTED_KEYS,
  duplicateKeysSql,
  GIVE_UP_KEYS,
  keysSql,
  orphansSql,
  SPREAD_VERDICTS,
  takeOverSql,
  uniqueRuleSql,
  type ReferenceCheck,
} from './chunk-sql';
import type { ChunkJob } from './chunk';
import type { Finding } from './mapping/mapping';
import type { Flawed, StagedRows } from './staged-rows';

export type PendingKind = 'pending' | 'orphan' | 'duplicate';

/** A record that is not published. */
export interface PutOff {
  readonly id: string;
  readonly verdict: 'rejected' | 'pending';
  /** Every rule that it breaks; of severity warning where that rule alone would have let it pass. */
  readonly reasons: readonly Reason[];
  /** It may heal without changing: why it is tried again; `null`: it must change. */
  readonly again: PendingKind | null;
}

/** As rejects keep it. */
export type Reason = Omit<Finding, 'severity'> & { readonly severity?: 'warning' };

/** A record that is published although it breaks these rules. */
export interface Warned {
  readonly id: string;
  readonly reasons: readonly Reason[];
}

export interface Judged {
  readonly putOff: readonly PutOff[];
  readonly warned: readonly Warned[];
}

interface Verdict {
  readonly seq: number;
  readonly id: string;
  readonly kind: PendingKind | 'warning';
  readonly rule: string;
  readonly field: string;
  readonly value: string | null;
  readonly holder: string | null;
}

/** Asks other tables, and other rows for rules of uniqueness, and marks in the stage which records are not published. */
export async function judge(tx: Tx, job: ChunkJob): Promise<void> {
  const { mapping, typed, references } = job;
  const own = references.filter(isOwn);
  for (const check of references) if (!own.includes(check)) await tx.query(orphansSql(typed, check));
  for (const { field, severity = 'error' } of mapping.unique ?? [])
    if (field !== mapping.uniqueField) await tx.query(uniqueRuleSql(typed, field, severity));
  if (references.length + (mapping.unique?.length ?? 0) > 0) await tx.query(SPREAD_VERDICTS);
  await putOffOrphans(tx, job, own);
}

/** Asks whether rows have the unique value of another row; where one has, verdicts and owners change, and rows are to be sorted again. */
export async function judgeKeys(tx: Tx, job: ChunkJob): Promise<boolean> {
  const { mapping, typed, references } = job;
  await tx.query(keysSql(typed, mapping.uniqueField));
  const [keys] = await tx.query<{ contested: boolean }>(CONTESTED_KEYS);
  if (keys?.contested !== true) return false;
  await tx.query(duplicateKeysSql(mapping.uniqueField));
  await tx.query(SPREAD_VERDICTS);
  await putOffOrphans(tx, job, references.filter(isOwn));
  await tx.query(GIVE_UP_KEYS);
  for (const statement of takeOverSql(typed, mapping.uniqueField)) await tx.query(statement);
  return true;
}

/** What is refused, put off, or published with a warning, with every reason. */
export async function readJudged(tx: Tx, job: ChunkJob, rows: StagedRows): Promise<Judged> {
  const verdicts = await tx.query<{ [Name in keyof Verdict]: Verdict[Name] }>(
    `select v.seq, s.id, v.kind, v.rule, v.field, v.value, v.holder from publish_verdict v join publish_stage s on s.seq = v.seq order by v.seq`,
  );
  return judgement(job, rows, verdicts);
}

const isOwn = ({ ownPlace, reference }: ReferenceCheck): boolean => ownPlace !== null && reference.severity !== 'warning';

/** Whoever is put off leaves those without a parent that refer to it in the same chunk: asked again until nobody is. */
async function putOffOrphans(tx: Tx, { typed, pass }: ChunkJob, own: readonly ReferenceCheck[]): Promise<void> {
  for (let found = own.length > 0; found;) {
    found = false;
    for (const check of own) {
      // The parent may stand in a chunk that is still to come; when all have come, what is left is judged.
      const [put] = await tx.query<{ n: number }>(orphansSql(typed, pass.kind === 'again' ? check : { ...check, asOf: null }));
      found ||= (put?.n ?? 0) > 0;
    }
    if (found) await tx.query(SPREAD_VERDICTS);
  }
}

function judgement(job: ChunkJob, { flawed }: StagedRows, verdicts: readonly Verdict[]): Judged {
  const bySeq = new Map<number, Verdict[]>();
  for (const verdict of verdicts) bySeq.set(verdict.seq, [...(bySeq.get(verdict.seq) ?? []), verdict]);
  const putOff: PutOff[] = [];
  const warned: Warned[] = [];
  for (const seq of [...new Set([...flawed.keys(), ...bySeq.keys()])].sort((a, b) => a - b)) {
    const others = bySeq.get(seq) ?? NONE;
    const own = flawed.get(seq) ?? { id: others[0]!.id, verdict: null, heals: true, findings: NONE };
    const reasons = reasonsOf(job, own, others);
    const against = others.filter(({ kind }) => kind !== 'warning');
    if (own.verdict !== null || against.length > 0) putOff.push({ id: own.id, reasons, ...putOffOf(own, against) });
    else if (reasons.length > 0) warned.push({ id: own.id, reasons });
  }
  return { putOff, warned };
}

const NONE: readonly never[] = [];

/** Errors first, in the order of the file. */
function reasonsOf(job: ChunkJob, { findings }: Flawed, others: readonly Verdict[]): Reason[] {
  const own = findings.map(({ severity, ...reason }): Reason => (severity === 'warning' ? { ...reason, severity } : reason));
  const all = [...own, ...others.map((verdict) => reasonOf(job, verdict))];
  return [...all.filter(({ severity }) => severity === undefined), ...all.filter(({ severity }) => severity === 'warning')];
}

function putOffOf({ verdict: own, heals }: Flawed, against: readonly Verdict[]): Pick<PutOff, 'verdict' | 'again'> {
  const refused = against.some(({ kind }) => kind !== 'pending');
  const kinds = new Set(against.map(({ kind }) => kind as PendingKind));
  const again = own === 'rejected' && !heals ? null : kinds.has('duplicate') ? 'duplicate' : own === 'rejected' || kinds.has('orphan') ? 'orphan' : 'pending'; // prettier-ignore
  return { verdict: own === 'rejected' || refused ? 'rejected' : 'pending', again };
}

function reasonOf({ mapping, scope }: ChunkJob, { kind, rule, field, value, holder }: Verdict): Reason {
  const shown = JSON.stringify(value);
  const own =
    rule === 'unique'
      ? mapping.unique?.find((each) => each.field === field)?.message
      : mapping.references.find(({ target }) => target === field)?.message;
  const parent = mapping.references.find(({ target }) => target === field);
  const told =
    rule === 'unique'
      ? `${field} ${shown} is already that of ${holder === null ? 'another row' : `record ${holder}`} in ${scope.input.target.schema}.${scope.input.target.table}`
      : `${field} ${shown} names no row of ${parent?.schema ?? ''}.${parent?.table ?? ''}`;
  return { rule, field, message: own ?? told, ...(value === null ? {} : { value }), ...(kind === 'warning' ? { severity: kind } : {}) };
}
