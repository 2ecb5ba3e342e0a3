import { isFinalEntity, isFinalRun } from '../../domain/run';
import { waitWords } from '../../domain/wait-words';
import { counted } from '../../report/words';
import { shown } from '../output';
import { markOf, noteOf, pagesOf, readerOf, rateOf, recordsOf, stepOf, STEP_WIDTH, timeOf, type Mark } from './entity-words';
import type { LiveEntity, LiveRun } from './live-facts';
import type { Line, Span } from './look';
import { ageOf, firstError, markOfRun, tally, totals } from './tally';
import { padded } from './width';

/** Counts without a change of state are told at most this often. */
const TELL_EVERY_MS = 3_000;

interface Told {
  readonly key: string;
  readonly counts: string;
  readonly at: number;
}

/** For pipes and terminals that cannot redraw: a line for each change of a run, and for its counts now and then. No signs, no cursor codes. */
export class PlainWriter {
  private readonly before = new Map<string, Told>();
  private runState = '';
  private error: string | undefined;

  /** `nameWidth`: each line begins with the run's pipeline, so wide; absent: only this one run is watched. */
  constructor(
    private readonly write: (line: Line) => void,
    private readonly nameWidth?: number,
  ) {}

  show(run: LiveRun): void {
    const open = new Set(run.entities.filter(({ state }) => !isFinalEntity(state)).map(({ entity }) => entity));
    if (!isFinalRun(run.state)) this.tellRun(run);
    for (const entity of run.entities) this.tell(entity, run, open);
    if (isFinalRun(run.state)) this.tellRun(run);
  }

  private tell(entity: LiveEntity, run: LiveRun, open: ReadonlySet<string>): void {
    const at = Date.parse(run.now);
    const counts = [pagesOf(entity), recordsOf(entity)].join();
    const now: Told = { key: `${stepOf(entity)} ${entity.wait_reason ?? ''} ${entity.wait_until ?? ''}`, counts, at };
    const before = this.before.get(entity.entity);
    const unbegun = before === undefined && entity.state === 'waiting' && entity.wait_reason === null;
    const news = before?.key !== now.key || (before.counts !== counts && at - before.at >= TELL_EVERY_MS);
    if (!news) return;
    this.before.set(entity.entity, now);
    if (unbegun) return;
    const details = [pagesOf(entity), recordsOf(entity), rateOf(entity), timeOf(entity, run.now), noteOf(entity, readerOf(run), open)];
    const name = this.nameOf(run);
    this.write([...name, ...heading(entity.entity, stepOf(entity), markOf(entity, 0)), { text: joined(details) }]);
    if (this.error !== entity.entity && firstError(run.entities) === entity) this.tellError(entity, name);
  }

  private nameOf({ pipeline }: LiveRun): Line {
    return this.nameWidth === undefined ? [] : [{ text: `${padded(shown(pipeline), this.nameWidth)} ` }];
  }

  /** The remedy comes with the first error, at once: whoever reads can begin. */
  private tellError({ entity, error_code, error_remedy }: LiveEntity, name: Line): void {
    this.error = entity;
    if (error_code !== null) this.write([...name, { text: `  code ${shown(error_code, 60)}` }]);
    if (error_remedy !== null) this.write([...name, { text: `  do   ${shown(error_remedy, 500)}` }]);
  }

  private tellRun(run: LiveRun): void {
    const said = `${run.state} ${run.wait_reason ?? ''} ${run.wait_until ?? ''}`;
    const news = said !== this.runState;
    const first = this.runState === '';
    this.runState = said;
    if (!news) return;
    if (isFinalRun(run.state)) {
      this.write(sumLine(run));
    } else if (!first || run.wait_reason !== null) {
      const tone = toneOf(run);
      const wait = run.wait_reason === null ? '' : `, ${shown(waitWords(run, readerOf(run)), 500)}`;
      this.write([{ text: `${shown(run.pipeline)} ` }, { text: run.state, ...tone }, { text: wait }]);
    }
  }
}

function toneOf(run: LiveRun): Pick<Span, 'tone'> {
  const mark = markOfRun(run);
  return mark === null ? {} : { tone: mark.tone };
}

/** A run in one line: `square completed in 1.8 s: 6 entities (6 completed), 511 records fetched, 511 inserted`. */
export function sumLine(run: LiveRun): Line {
  const groups = tally(run.entities).map((spans) => spans[spans.length - 1]?.text ?? '');
  const sums = [`${counted(run.entities.length, 'entity', 'entities')} (${groups.join(', ')})`, ...totals(run.entities)];
  return [{ text: `${shown(run.pipeline)} ` }, { text: ageOf(run), ...toneOf(run) }, { text: `: ${sums.join(', ')}` }];
}

function heading(name: string, step: string, mark: Mark): Span[] {
  return [{ text: `${padded(shown(name), 12)} ` }, { text: padded(step, STEP_WIDTH), tone: mark.tone }, { text: '  ' }];
}

function joined(parts: readonly string[]): string {
  return parts
    .filter((part) => part !== '')
    .join(', ')
    .replaceAll(' · ', ', ');
}
