import { safeText } from '../observability/safe-facts';

/** Text from data as Markdown text: one line, no secrets, no markup of its own, no way out of a table cell. */
export function md(text: string): string {
  return safeText(text)
    .replace(/[\\`*_{}[\]<>|#~!&]/g, '\\$&')
    .replace(/^(\s*)([-+]|\d+[.)])(?=\s)/, '$1\\$2')
    .replace(/(https?):\/\//gi, '$1\\://');
}

/** An id, a file or a value as a code span, safe inside a table cell. */
export function code(text: string): string {
  const inner = safeText(text).replace(/\|/g, '\\|');
  const longest = Math.max(0, ...[...inner.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  const pad = inner === '' || inner.startsWith('`') || inner.endsWith('`') ? ' ' : '';
  return `${fence}${pad}${inner}${pad}${fence}`;
}

/** A table; the cells are Markdown already. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** A heading with its body, or nothing where the body is empty. */
export function section(title: string, body: string): string {
  return body === '' ? '' : `## ${title}\n\n${body}\n`;
}
