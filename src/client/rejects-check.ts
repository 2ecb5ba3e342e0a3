import { FreshetError } from '../domain/errors';
import { landedRecord } from '../landing/landed-record';
import type { LandingStore } from '../landing/landing-store';
import { fieldOf, isJsonObject, type JsonObject } from '../json/decode';
import { scalarText } from '../json/scalar-text';
import { RecordRules } from '../load/rules/record-rules';
import type { ReplayEntity } from '../run/replay-entities';
import type { ReplayWish } from '../run/replay-request';
import type { FixLine } from './rejects-csv';
import type { RejectFacts } from './rejects-facts';
import { fixRecord, parsed } from './rejects-fix';

/** How rejects of stage publish come good. */
export const OF_PUBLISH =
  'the next run tries it again when it changed at the source, or its mapping or rules did in the pipeline file, or a row that it names came';

/** Why a reject cannot be loaded once more; `null` where it can. */
export function unplayable(id: string, reject: RejectFacts | undefined): string | null {
  if (reject === undefined) return `there is no reject ${id}`;
  if (reject.closed_by_run !== null) return `reject ${id} is closed already, by run ${reject.closed_by_run}`;
  if (reject.stage === 'publish') return `reject ${id} is of publish: its record is loaded, and ${OF_PUBLISH}`;
  if (reject.file === null) return `of reject ${id} no record was landed; the next run of ${reject.pipeline} asks for it again`;
  return null;
}

/** The landed bytes of a reject. Precondition: it has a file. Errors: as `landedRecord`. */
export function recordOf(
  landing: Pick<LandingStore, 'read'>,
  { file, offset, length, record_sha256: sha256 }: RejectFacts,
): Promise<Buffer> {
  return landedRecord(landing, { file: file!, offset: Number(offset), length: Number(length), sha256: sha256! });
}

export interface FixScope {
  readonly landing: Pick<LandingStore, 'read'>;
  readonly rejects: ReadonlyMap<string, RejectFacts>;
  readonly entityOf: (reject: RejectFacts) => ReplayEntity;
}

/** Turns every line of an import into what is to be loaded, or says what is wrong with it: all mistakes at once. */
export async function checkFixes(lines: readonly FixLine[], scope: FixScope): Promise<{ wishes: ReplayWish[]; mistakes: string[] }> {
  const wishes: ReplayWish[] = [];
  const mistakes: string[] = [];
  const seen = new Map<string, number>();
  for (const { line, rejectId, fix } of lines) {
    const checked = await checkFix({ rejectId, fix }, seen.get(rejectId), scope);
    seen.set(rejectId, seen.get(rejectId) ?? line);
    if ('wish' in checked) wishes.push(checked.wish);
    else mistakes.push(...checked.mistakes.map((mistake) => `line ${line}: ${mistake}`));
  }
  return { wishes, mistakes };
}

async function checkFix(
  { rejectId, fix }: Omit<FixLine, 'line'>,
  lineBefore: number | undefined,
  scope: FixScope,
): Promise<{ readonly wish: ReplayWish } | { readonly mistakes: readonly string[] }> {
  const reject = scope.rejects.get(rejectId);
  if (lineBefore !== undefined) return { mistakes: [`reject ${rejectId} has a fix in line ${lineBefore} already`] };
  const problem = unplayable(rejectId, reject);
  if (reject === undefined || problem !== null) return { mistakes: [problem ?? ''] };
  const fixed = fixRecord(fix, await landedObject(scope.landing, reject));
  const broken = fixed.ok ? brokenBy(fixed.record, scope.entityOf(reject)) : [fixed.problem];
  if (!fixed.ok || broken.length > 0) return { mistakes: broken.map((what) => `reject ${rejectId}: ${what}`) };
  const { pipeline, entity, fetched_at: at } = reject;
  return { wish: { rejectId, pipeline, entity, at, record: fixed.text } };
}

async function landedObject(landing: FixScope['landing'], reject: RejectFacts): Promise<JsonObject | null> {
  const value = await recordOf(landing, reject).then(
    (bytes) => parsed(bytes.toString('utf8')),
    (error: unknown) => {
      if (!(error instanceof FreshetError) || error.type !== 'file_error') throw error;
      return undefined;
    },
  );
  return isJsonObject(value) ? value : null;
}

/** What the mended record still breaks: its key, and the rules of its entity. What else may be wrong the load itself finds. */
function brokenBy(record: JsonObject, { definition, rules, zone }: ReplayEntity): string[] {
  const keys = definition.key
    .filter((field) => scalarText(fieldOf(record, field)) === null)
    .map((field) => `${field}, its key, is not there`);
  const reasons = new RecordRules(rules, { zone, emptyIsNull: definition.emptyIsNull }).broken(record);
  return [...keys, ...reasons.map(({ message }) => message)];
}
