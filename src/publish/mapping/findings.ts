import { printable } from '../../observability/printable';
import type { Cell, Finding, Severity } from './mapping';

const NONE: readonly Finding[] = Object.freeze([]);
const MAX_VALUE = 200;

/** What a rule says of a value. */
export interface Verdict {
  readonly rule: string;
  readonly field: string | null;
  readonly severity?: Severity;
  readonly message: string;
  readonly value?: Cell;
}

/** Collects what is wrong with one row. */
export class Findings {
  #found: Finding[] | null = null;

  add({ severity = 'error', value, ...verdict }: Verdict): void {
    this.#found ??= [];
    this.#found.push({ ...verdict, severity, ...(typeof value === 'string' ? { value: printable(value, MAX_VALUE) } : {}) });
  }

  /** All of this row; the next one begins with none. */
  take(): readonly Finding[] {
    const found = this.#found ?? NONE;
    this.#found = null;
    return found;
  }
}

/** A value as sentences show it. */
export function shown(value: Cell): string {
  return value === null || value === undefined ? 'absent' : `"${printable(value, MAX_VALUE)}"`;
}
