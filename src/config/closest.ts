/** Edits (insert, delete, replace, swap of neighbours) between two short words. */
function distance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      const swap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? rows[i - 2]![j - 2]! + 1 : Infinity;
      row.push(Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + same, swap));
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}

/** What was probably meant by a word that is none of the allowed ones: at most two fifths of it differ. */
export function closest(word: string, allowed: readonly string[]): string | undefined {
  if (word.length > 100) return undefined;
  const near = allowed.map((candidate) => ({ candidate, edits: distance(word.toLowerCase(), candidate.toLowerCase()) }));
  const best = near
    .filter(({ candidate, edits }) => edits <= 0.4 * Math.max(word.length, candidate.length))
    .sort((a, b) => a.edits - b.edits)[0];
  return best?.candidate;
}

/** `Did you mean zoho-books?`, of several `For sqare, did you mean square?`; nothing of words that are like none of the allowed ones. */
export function meantWords(words: readonly string[], allowed: readonly string[]): readonly string[] {
  return words.flatMap((word) => {
    const meant = closest(word, allowed);
    if (meant === undefined) return [];
    return [words.length === 1 ? `Did you mean ${meant}?` : `For ${word}, did you mean ${meant}?`];
  });
}
