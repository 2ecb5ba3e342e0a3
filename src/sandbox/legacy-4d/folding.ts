const MARKS = /\p{M}/gu;
const PLAIN = /^[ -~\r\n\t]*$/;

/** 4D compares texts without regard to case and diacritics. */
export function folded(text: string): string {
  return PLAIN.test(text) ? text.toLowerCase() : text.normalize('NFD').replace(MARKS, '').toLowerCase();
}

/** What a text with `@` in it, the wildcard of 4D, matches. */
export function wildcard(pattern: string): RegExp {
  const parts = pattern.split('@').map((part) => folded(part).replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('[\\s\\S]*')}$`);
}
