import type { Database } from '../../src/database/database';
import { differences, differingRecords } from './oracle';
import { ledgerProblems, leftovers } from './run-ledger';
import type { Round, Schedule } from './schedule';
import { SourceDriver, type SourceEvent } from './source-driver';
import { openWorkbench, type Workbench } from './workbench';

export interface Playing {
  readonly db: Database;
  /** Distinct within the database. */
  readonly name: string;
}

/** What went wrong, in sentences, and how many runs it took. */
export interface Played {
  readonly problems: readonly string[];
  readonly runs: number;
}

/** Plays the schedule, then one quiet incremental run: the target must be the source. */
export function playReachable(playing: Playing, schedule: Schedule): Promise<Played> {
  return play(playing, schedule, async (at, driver, book) => {
    await book.run({ before: [], during: [], full: false });
    return differences({ ...at, truth: at.sandbox.control, deleted: driver.deleted });
  });
}

/** The same, but what no filter returns may be missing until the next complete read, which must count it as found late. */
export function playUnreachable(playing: Playing, schedule: Schedule): Promise<Played> {
  return play(playing, schedule, async (at, driver, book) => {
    const comparison = { ...at, truth: at.sandbox.control, deleted: driver.deleted };
    await book.run({ before: [], during: [], full: false });
    const missed = await differingRecords(comparison);
    const lost = [...missed].filter(([id]) => !driver.outOfReach.has(id)).flatMap(([, sentences]) => sentences);
    const runId = await book.run({ before: [], during: [], full: true });
    const [ledger] = await at.db.query<{ found_late: string }>(`select found_late from freshet.run_entity where run_id = $1`, [runId]);
    const found = Number(ledger?.found_late);
    return [
      ...lost,
      ...(await differences(comparison)),
      ...(found === missed.size ? [] : [`${missed.size} records were missed by the incremental reads, found_late is ${found}`]),
    ];
  });
}

type Ending = (at: Workbench, driver: SourceDriver, book: RunBook) => Promise<string[]>;

async function play({ db, name }: Playing, schedule: Schedule, ending: Ending): Promise<Played> {
  const { seed, records, pageSize, lagSeconds, concurrent, detailPage } = schedule;
  const minute = Math.floor(Date.now() / 60_000) * 60_000;
  const startClock = new Date(minute + schedule.skewHours * 3_600_000 + schedule.startMillis);
  const at = await openWorkbench({
    db,
    name,
    pageSize,
    lagSeconds,
    concurrent,
    detailPage,
    sandbox: { seed, counts: { contacts: 2, items: 2, invoices: records }, startClock },
  });
  try {
    at.sandbox.control.setModifiedFilterExclusive(schedule.filterExclusive);
    const driver = new SourceDriver(at.sandbox, lagSeconds);
    const book = new RunBook(at, driver);
    for (const round of schedule.rounds) await book.run(round);
    at.sandbox.control.advanceClock(schedule.quietSeconds * 1000);
    const unequal = await ending(at, driver, book);
    return { problems: [...book.problems, ...unequal, ...(await leftovers(db, at))], runs: book.runs };
  } finally {
    await at.close();
  }
}

/** Runs rounds and judges each run by its state, doubts and ledger. */
class RunBook {
  readonly problems: string[] = [];
  runs = 0;
  private cursorsLost = false;

  constructor(
    private readonly at: Workbench,
    private readonly driver: SourceDriver,
  ) {}

  async run(round: Round): Promise<string> {
    const { control } = this.at.sandbox;
    for (const event of round.before) this.driver.apply(event);
    for (const { on, nth, when, events } of round.during) {
      control.onRequest({ kind: on, entity: 'invoices', nth, when }, (request) => {
        for (const event of events) this.driver.apply(event, request);
      });
    }
    this.cursorsLost ||= [round.before, ...round.during.map(({ events }) => events)].flat().some(({ kind }) => kind === 'null-cursor');
    this.runs++;
    const { runId, state } = await this.at.run({ full: round.full });
    control.clearHooks();
    await this.judge(round, runId, state);
    return runId;
  }

  private async judge(round: Round, runId: string, state: string): Promise<void> {
    const [entity] = await this.at.db.query<{ error_message: string | null; doubts: { kind: string }[] }>(
      `select error_message, doubts from freshet.run_entity where run_id = $1`,
      [runId],
    );
    const doubts = (entity?.doubts ?? []).map(({ kind }) => kind);
    if (state !== 'completed' && state !== 'doubtful') this.problems.push(`run ${this.runs} is ${state}: ${entity?.error_message ?? '?'}`);
    const without = doubts.filter((kind) => !this.explained(kind, round));
    if (without.length > 0) this.problems.push(`run ${this.runs} is doubtful without a cause: ${without.join(', ')}`);
    this.problems.push(...(await ledgerProblems(this.at.db, runId)));
  }

  /** Only a list that moved while it was read may be doubted, and only a carrier whose cursor was taken away may be missed. */
  private explained(kind: string, { during }: Round): boolean {
    const listMoved = during.some(({ on, events }) => on === 'list' && events.some(movesRows));
    if (kind === 'list-never-still' || kind === 'same-page-twice') return listMoved;
    return kind === 'carrier-missing' && (this.cursorsLost || listMoved);
  }
}

function movesRows({ kind }: SourceEvent): boolean {
  return kind !== 'advance' && kind !== 'expire-token';
}
