import { recordCell } from './cell-record';

/** What one play of a cell showed. */
export interface CellOutcome {
  /** Sentences about every promise that was broken; empty means kept. */
  readonly problems: readonly string[];
  /** Figures of this play, such as how long the run took. */
  readonly facts?: Readonly<Record<string, number | string>>;
}

/** What `npm run chaos -- --cells` asks for, handed over in FRESHET_CELLS as JSON. */
export interface CellWish {
  /** How often each cell is played. */
  readonly repeat: number;
  /** A zombie at every writing boundary too. */
  readonly stops: boolean;
  readonly record: boolean;
  readonly commit: string;
}

/** `null`: nothing was asked for; each cell of CI is played once. */
export function cellWish(): CellWish | null {
  const text = process.env['FRESHET_CELLS'];
  return text === undefined ? null : (JSON.parse(text) as CellWish);
}

const CELL_WITHIN_MS = 180_000;

/** A test of one fault: the sentence that must hold, and how it is played. On demand it is played often, and recorded. */
export function cell(sentence: string, play: () => Promise<CellOutcome>): void {
  const wish = cellWish();
  const times = wish?.repeat ?? 1;
  it(
    sentence,
    async () => {
      const broken: string[] = [];
      for (let time = 1; time <= times; time++) {
        const { problems, facts, seconds } = await played(play);
        if (wish !== null) process.stderr.write(`${problems.length === 0 ? 'kept  ' : 'BROKEN'} ${seconds} s  ${sentence}\n`);
        if (wish?.record === true) recordCell({ sentence, commit: wish.commit, play: { problems, seconds, facts: facts ?? {} } });
        broken.push(...problems);
      }
      expect(broken).toEqual([]);
    },
    CELL_WITHIN_MS * times,
  );
}

/** A play that could not be judged is a broken promise too. */
async function played(play: () => Promise<CellOutcome>): Promise<CellOutcome & { readonly seconds: number }> {
  const began = performance.now();
  const outcome = await play().catch((error: unknown) => ({ problems: [error instanceof Error ? error.message : String(error)] }));
  return { ...outcome, seconds: Math.round((performance.now() - began) / 100) / 10 };
}
