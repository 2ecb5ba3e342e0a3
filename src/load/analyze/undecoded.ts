import type { Decoded } from '../../json/decode';

/** Why a record is no record. The parser's own message is not kept: it quotes the record. */
export type UndecodedProblem = Extract<Decoded, { ok: false }>['problem'] | 'not-object';

const FIRST_KEPT = 5;

/** Counts records that cannot be read, by problem, and remembers where the first ones stand. */
export class UndecodedTally {
  private readonly counts = new Map<UndecodedProblem, number>();
  private readonly first: { readonly record: number; readonly problem: UndecodedProblem }[] = [];

  add(record: number, problem: UndecodedProblem): void {
    this.counts.set(problem, (this.counts.get(problem) ?? 0) + 1);
    if (this.first.length < FIRST_KEPT) this.first.push({ record, problem });
  }

  result() {
    const problems = [...this.counts].map(([problem, records]) => ({ problem, records }));
    return {
      count: problems.reduce((sum, { records }) => sum + records, 0),
      problems: problems.sort((a, b) => (a.problem < b.problem ? -1 : 1)),
      first: [...this.first],
    };
  }
}

/** The problem in words, for people. */
export const PROBLEM_WORDS: Readonly<Record<UndecodedProblem, string>> = {
  'not-utf8': 'the bytes are not UTF-8',
  'not-json': 'no valid JSON',
  nul: 'holds the character U+0000, which PostgreSQL cannot store',
  'lone-surrogate': 'holds half of a surrogate pair',
  'too-deep': 'nested too deeply',
  'not-object': 'no JSON object',
};
