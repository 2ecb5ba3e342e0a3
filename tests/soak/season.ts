import { createHash } from 'node:crypto';
import { entityLookup } from '../../src/run/entity-lookup';
import { sources } from '../../src/sources';
import { verifyDeep, type Oracle } from '../../src/verify/deep/verify-deep';
import { leftovers } from '../chaos/leftovers';
import { ledgerProblems } from '../local/run-ledger';
import { readerOf } from '../verify/true-copy';
import { Dice } from './dice';
import type { Stand } from './stand';

/** What became of so many runs of one source. */
export interface Season {
  readonly source: string;
  readonly runs: number;
  /** How many ended in which state. */
  readonly states: Readonly<Record<string, number>>;
  readonly changes: number;
  readonly faults: number;
  /** Sentences about every promise that was broken, with what had happened before; empty means kept. */
  readonly problems: readonly string[];
}

interface Ended {
  /** The read was begun by an earlier run. */
  readonly adopted: boolean | null;
  readonly extraction_id: string | null;
  readonly entity: string;
  readonly state: string;
  readonly read_kind: string;
  readonly doubts: readonly { readonly kind: string }[];
  readonly error_message: string | null;
}

type Truth = ReadonlyMap<string, ReadonlyMap<string, string>>;

interface Compared {
  readonly entity: string;
  /** What the source had when the read began, and when it had ended. */
  readonly before: Truth;
  readonly after: Truth;
  /** Whether what was gone before must be gone from the table. */
  readonly deletions: boolean;
  readonly where: string;
}

/** The precision of the sources' clock. */
const SECOND_MS = 1_000;

/** As the loader's documentation says it: its format, then the record's bytes. */
const hashOf = (json: string): string =>
  createHash('sha256').update('freshet load 1\n').update(json).digest().subarray(0, 16).toString('hex');

/**
 * So many runs while the source changes and fails; each green entity is compared with what it promises. Then the source is left alone: one
 * more run, one complete read, and every table must be the source, every ledger add up, `verify --deep` find nothing.
 */
export async function season(stand: Stand, seed: number, runs: number): Promise<Season> {
  const book = new SeasonBook(stand, new Dice(seed));
  for (let n = 0; n < runs - 2; n++) await book.round();
  await book.quiet(false);
  await book.quiet(true);
  await book.end();
  return book.season();
}

class SeasonBook {
  private readonly states: Record<string, number> = {};
  private readonly problems: string[] = [];
  private runs = 0;
  private changes = 0;
  private faults = 0;
  private last = '';
  /** What the source had when a read began, by its extraction: a later run may carry it to its end. */
  private readonly asOf = new Map<string, Truth>();

  constructor(
    private readonly stand: Stand,
    private readonly dice: Dice,
  ) {}

  season(): Season {
    const { states, problems, runs, changes, faults } = this;
    return { source: this.stand.name, runs, states, changes, faults, problems };
  }

  /** A run in an unquiet source. */
  async round(): Promise<void> {
    const { stand, dice } = this;
    const { control } = stand.at.sandbox;
    const told: string[] = [];
    const passed = dice.one([1, 900, 30_000, 61_000, 600_000, 3_600_000]);
    control.advanceClock(passed);
    for (let n = 1 + dice.below(5); n > 0; n--) told.push(this.change());
    for (let n = dice.below(3); n > 0; n--) {
      const events = 1 + dice.below(2);
      const when = stand.during(dice, () => {
        for (let event = 0; event < events; event++) told.push(`  there: ${this.change()}`);
      });
      told.push(`at ${when}`);
    }
    for (let n = dice.chance(0.8) ? 1 + dice.below(3) : 0; n > 0; n--) {
      this.faults++;
      told.push(`fault ${stand.fault(dice)}`);
    }
    await this.run({ full: dice.chance(0.2), passed }, told);
    control.clearFaults();
    control.clearHooks();
  }

  /** A run that nothing disturbs: it completes. */
  async quiet(full: boolean): Promise<void> {
    this.stand.at.sandbox.control.advanceClock(3_600_000);
    const rows = await this.run({ full, passed: 3_600_000 }, ['nothing happens']);
    for (const { entity, state, doubts, error_message: error } of rows) {
      if (state !== 'completed') this.problems.push(`run ${this.runs}: ${entity} is ${state} although nothing happened: ${error ?? ''}`);
      const unexplained = doubts.filter(
        ({ kind }) => full || kind !== 'carrier-missing' || this.stand.seesDeletions(entity, 'incremental'),
      );
      const kinds = unexplained.map(({ kind }) => kind).join(', ');
      if (kinds !== '') this.problems.push(`run ${this.runs}: ${entity} is doubtful although nothing happened: ${kinds}`);
    }
  }

  async end(): Promise<void> {
    const { at, entities } = this.stand;
    const oracle: Oracle = {
      records: async function* (this: void, _pipeline, entity) {
        for (const [id, json] of stand.truth(entity)) yield { id, json };
      },
    };
    const { stand } = this;
    const deep = await verifyDeep(
      { db: at.db, landing: at.landing, lookup: entityLookup(at.db, sources), readerOf },
      { oracle, sampleRows: 500 },
      at.ctx,
    );
    const truth = this.truth();
    for (const entity of entities) await this.compare({ entity, before: truth, after: truth, deletions: true, where: 'at the end' });
    const { landing, reports } = at.loaded.settings;
    this.problems.push(
      ...deep.violations.map(({ name, where, message, sample }) => `verify --deep: ${name} ${where}: ${message} ${sample[0] ?? ''}`),
      ...deep.unchecked.map(({ entity, why }) => `verify --deep did not check ${entity}: ${why}`),
      ...(await leftovers(at.db, { landing: landing.path, reports: reports.path, runId: this.last })).filter(
        (line) => !/^the extraction of .* abandoned$/.test(line),
      ),
    );
  }

  private change(): string {
    this.changes++;
    return this.stand.change(this.dice);
  }

  private truth(): Truth {
    return new Map(this.stand.entities.map((entity) => [entity, this.stand.truth(entity)]));
  }

  private async run({ full, passed }: { full: boolean; passed: number }, told: readonly string[]): Promise<readonly Ended[]> {
    const { at } = this.stand;
    const found = this.problems.length;
    const before = this.truth();
    const { runId, state } = await at.run({ full });
    const after = this.truth();
    this.runs++;
    this.last = runId;
    this.states[state] = (this.states[state] ?? 0) + 1;
    this.problems.push(...(await ledgerProblems(at.db, runId)));
    const rows = await at.db.query<Ended>(
      `select e.entity, e.state, e.read_kind, e.doubts, e.error_message, e.extraction_id, x.started_at_db < r.created_at as adopted
         from freshet.run_entity e join freshet.run r on r.id = e.run_id left join freshet.extraction x on x.id = e.extraction_id
        where e.run_id = $1 order by e.entity`,
      [runId],
    );
    for (const { entity, state: ended, doubts, read_kind: read, adopted, extraction_id: extraction } of rows) {
      if (extraction !== null && !this.asOf.has(extraction)) this.asOf.set(extraction, before);
      if (ended !== 'completed' || doubts.length > 0) continue;
      // A read that an earlier run began is as of then, and so is its table: it need not have what was made since, and may have what went since.
      const begun = (extraction === null ? undefined : this.asOf.get(extraction)) ?? before;
      // What was fetched in the very second in which the read began may have come after it: the next read deletes it.
      const deletions = passed > SECOND_MS && adopted !== true && this.stand.seesDeletions(entity, read);
      await this.compare({ entity, before: begun, after, deletions, where: `run ${this.runs} (${read})` });
    }
    if (state === 'completed' && rows.some(({ state: ended, doubts }) => ended !== 'completed' || doubts.length > 0))
      this.problems.push(`run ${this.runs} is completed, but not all of its entities`);
    if (this.problems.length > found)
      this.problems.push(...[`before run ${this.runs}${full ? ', complete' : ''}:`, ...told].map((line) => `    ${line}`));
    return rows;
  }

  /** What a green read promises: what stood still while it read is in the table as it was; what was gone before is not. */
  private async compare(asked: Compared): Promise<void> {
    const { entity, where } = asked;
    const [before, after] = [asked.before.get(entity)!, asked.after.get(entity)!];
    const rows = await this.stand.at.db.query<{ id: string; hash: string }>(
      `select id, encode(source_hash, 'hex') as hash from "${this.stand.schema}"."json_${entity}" where deleted_at is null`,
    );
    const held = new Map(rows.map(({ id, hash }) => [id, hash]));
    for (const [id, json] of before) {
      if (after.get(id) !== json) continue;
      if (!held.has(id)) this.problems.push(`${where}: ${entity} is green, but ${id} is missing`);
      else if (held.get(id) !== hashOf(json)) this.problems.push(`${where}: ${entity} is green, but ${id} is not what the source has`);
    }
    if (!asked.deletions) return;
    for (const id of held.keys())
      if (!before.has(id) && !after.has(id))
        this.problems.push(`${where}: ${entity} is green, but ${id} was gone before and is still held`);
  }
}
