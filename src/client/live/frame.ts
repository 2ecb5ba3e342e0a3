import { isFinalEntity, isFinalRun } from '../../domain/run';
import { waitWords } from '../../domain/wait-words';
import { counted, duration } from '../../report/words';
import { shown } from '../output';
import { BAD, countsOf, markOf, noteOf, pagesOf, readerOf, rateOf, recordsOf, stepOf, STEP_WIDTH, timeOf, type Mark } from './entity-words';
import { cells, flow, wrappedLines } from './layout';
import type { LiveEntity, LiveRun } from './live-facts';
import { spinner, type Line } from './look';
import { ageOf, firstError, markOfRun, tally, totals } from './tally';

export interface FrameSize {
  readonly columns: number;
  /** Most lines; entities that matter less are then summed up in one line. */
  readonly rows: number;
}

export interface FrameWish {
  readonly size: FrameSize;
  /** Turns the signs of what goes on, and counts down: milliseconds since 1970. */
  readonly at: number;
  /** Every count of every entity. */
  readonly verbose: boolean;
}

/**
 * The picture of runs that are watched: of each a head, a line per entity, the first error with its remedy, and a tally.
 * A function of its arguments alone. No line is wider than `size.columns` (from 20 on), there are at most `size.rows` lines (from 3 a run on).
 */
export function frame(runs: readonly LiveRun[], wish: FrameWish): Line[] {
  const rows = Math.floor(wish.size.rows / Math.max(1, runs.length));
  return runs.flatMap((run) => frameOfRun(run, { ...wish, size: { ...wish.size, rows } }));
}

function frameOfRun(run: LiveRun, wish: FrameWish): Line[] {
  const { columns, rows } = wish.size;
  const head = headOf(run, wish);
  const error = errorOf(run, columns);
  const foot = flow([...tally(run.entities), ...totals(run.entities).map((text) => [{ text }])], {
    columns,
    indent: 2,
    first: footWord(run),
  });
  const room = Math.max(0, rows - head.length - error.length - foot.length);
  const lines = [...head, ...entityLines(run, wish, room), ...error, ...foot];
  return lines.length <= rows ? lines : [...lines.slice(0, Math.max(0, rows - foot.length)), ...foot].slice(0, rows);
}

function footWord({ entities }: LiveRun): string {
  return `${counted(entities.length, 'entity', 'entities')}: `;
}

function headOf(run: LiveRun, { size, at }: FrameWish): Line[] {
  const mark = markOfRun(run) ?? { sign: spinner(at), tone: 'info' as const };
  const parts: Line[] = [
    [{ text: shown(run.pipeline), tone: 'strong' }, { text: ' ' }, { text: ageOf(run), tone: mark.tone }],
    ...(isFinalRun(run.state) || run.wait_reason === null
      ? []
      : [[{ text: shown(waitWords(run, readerOf(run)), 500), tone: 'info' as const }]]),
    [{ text: shown(run.id), tone: 'dim' as const }],
  ];
  return flow(parts, { columns: size.columns, indent: 2, first: '', sign: mark });
}

interface Row {
  readonly entity: LiveEntity;
  readonly mark: Mark;
  readonly numbers: readonly string[];
  readonly note: string;
}

/** Narrower ones keep the numbers and put the note below; very narrow ones put the numbers below too. */
function entityLines(run: LiveRun, wish: FrameWish, room: number): Line[] {
  const told = firstError(run.entities);
  const open = new Set(run.entities.filter(({ state }) => !isFinalEntity(state)).map(({ entity }) => entity));
  const rows = run.entities.map((entity): Row => {
    const numbers = [pagesOf(entity), recordsOf(entity), rateOf(entity), timeOf(entity, run.now)];
    const note = entity === told ? '' : `${noteOf(entity, readerOf(run), open)}${countdown(entity, run.now)}`;
    return { entity, mark: markOf(entity, wish.at), numbers, note };
  });
  const blocks = cells(
    rows.map(({ entity, mark, numbers, note }) => ({
      mark,
      name: shown(entity.entity),
      step: stepOf(entity),
      numbers,
      note,
      noteTone: entity.state === 'completed' || entity.state === 'waiting' ? ('dim' as const) : mark.tone,
      more: wish.verbose ? countsOf(entity) : [],
    })),
    { columns: wish.size.columns, stepWidth: STEP_WIDTH },
  );
  return fitting(run.entities, blocks, room);
}

/** ` (in 3 min 2 s)`: a wait that ends by itself. */
function countdown({ wait_reason, wait_until, state }: LiveEntity, now: string): string {
  if (wait_reason === null || wait_until === null || isFinalEntity(state) || wait_until <= now) return '';
  return ` (in ${duration(now, wait_until)})`;
}

/** The blocks that fit into so many lines, those that matter most, in the order of the plan; the rest is one line. */
function fitting(entities: readonly LiveEntity[], blocks: readonly Line[][], room: number): Line[] {
  if (blocks.reduce((sum, block) => sum + block.length, 0) <= room) return blocks.flat();
  const order = entities.map((_, index) => index).sort((a, b) => importance(entities[a]) - importance(entities[b]) || a - b);
  const kept = new Set<number>();
  let left = room - 1;
  for (const index of order) {
    const lines = blocks[index]?.length ?? 0;
    if (lines > left) break;
    left -= lines;
    kept.add(index);
  }
  const hidden = entities.filter((_, index) => !kept.has(index)).length;
  return [
    ...blocks.filter((_, index) => kept.has(index)).flat(),
    ...(room < 1 ? [] : [[{ text: `  … ${hidden} more`, tone: 'dim' as const }]]),
  ];
}

function importance(entity: LiveEntity | undefined): number {
  if (entity === undefined) return 9;
  if (entity.state === 'failed') return 0;
  if (!isFinalEntity(entity.state) && entity.state !== 'waiting') return 1;
  if (entity.state === 'held' || entity.doubts.length > 0) return 2;
  return entity.state === 'waiting' ? 3 : 4;
}

/** The first error stands below the entities, with its remedy, so that it stays in view when their lines do not fit. */
function errorOf(run: LiveRun, columns: number): Line[] {
  const first = firstError(run.entities);
  if (first === undefined) {
    if (run.error_message === null) return [];
    return wrappedLines(`${BAD.sign} ${shown(run.error_message, 500)}`, { columns, indent: 2, hanging: 2, tone: 'bad', most: 3 });
  }
  const code = first.error_code === null ? '' : ` (${shown(first.error_code, 60)})`;
  return [
    ...wrappedLines(`${BAD.sign} ${shown(first.entity)}${code}: ${shown(first.error_message ?? first.held_reason ?? '', 500)}`, {
      columns,
      indent: 2,
      tone: 'bad',
      hanging: 2,
      most: 4,
    }),
    ...(first.error_remedy === null
      ? []
      : wrappedLines(`→ ${shown(first.error_remedy, 500)}`, { columns, indent: 4, hanging: 2, most: 4 })),
  ];
}
