import type { Entity, SortOrder } from './entities/entity';
import { scalarText } from './json-text';
import type { JsonValue } from './json-text';
import { secondsOf } from './timestamps';

/** One record as filters and sorts see it. */
export interface Subject {
  field(name: string): JsonValue | undefined;
  /** Epoch seconds of a time field, undefined when it is empty or no instant. */
  seconds(name: 'created_time' | 'last_modified_time'): number | undefined;
}

export type Test = (subject: Subject) => boolean;

export interface ListQuery {
  readonly page: number;
  readonly perPage: number;
  readonly column: string;
  readonly order: SortOrder;
  readonly appliedFilter: string;
  readonly tests: readonly Test[];
  /** Equal for two requests that ask for the same records in the same order. */
  readonly signature: string;
}

export interface QueryRules {
  /** `>` instead of `>=` for `last_modified_time`: Zoho does not say which. */
  readonly modifiedFilterExclusive: boolean;
  /** Records a page holds at most. */
  readonly largestPage: number;
}

/** Reads the documented parameters of a list call; all others are ignored, as Zoho does. */
export function listQuery(entity: Entity, params: URLSearchParams, rules: QueryRules): ListQuery {
  const asked = params.get('sort_column') ?? '';
  const known = entity.sortColumns.includes(asked);
  const direction = params.get('sort_order');
  const fallback = known ? 'A' : entity.defaultSort.order;
  const filters = new FilterReader(entity, params, rules);
  const column = known ? asked : entity.defaultSort.column;
  return {
    page: positive(params.get('page'), 1),
    perPage: Math.min(rules.largestPage, positive(params.get('per_page'), rules.largestPage)),
    column,
    order: direction === 'A' || direction === 'D' ? direction : fallback,
    appliedFilter: filters.appliedFilter,
    tests: filters.tests,
    signature: `${column}&${filters.signature}`,
  };
}

function positive(text: string | null, otherwise: number): number {
  return text !== null && /^[1-9]\d{0,9}$/.test(text) ? Number(text) : otherwise;
}

class FilterReader {
  readonly tests: Test[] = [];
  signature = '';
  appliedFilter = 'Status.All';

  constructor(
    private readonly entity: Entity,
    private readonly params: URLSearchParams,
    private readonly rules: QueryRules,
  ) {
    this.#status();
    this.#modification();
    for (const field of entity.equalityFilters) this.#text(field);
    for (const field of entity.dateFilters) this.#date(field);
  }

  #add(name: string, value: string, test: Test): void {
    this.tests.push(test);
    this.signature += `${name}=${encodeURIComponent(value)}&`;
  }

  /** Contacts and items hide inactive records unless asked; invoices hide nothing. */
  #status(): void {
    const asked = this.params.get('filter_by') ?? '';
    if (this.entity.name === 'invoices') {
      const wanted = /^Status\.(\w+)$/.exec(asked)?.[1]?.toLowerCase();
      if (wanted === undefined || wanted === 'all') return;
      this.appliedFilter = asked;
      this.#add('filter_by', asked, (subject) => scalarText(subject.field('status')).replace('_', '') === wanted);
      return;
    }
    if (asked === 'Status.All') return;
    this.appliedFilter = asked === 'Status.Inactive' ? asked : 'Status.Active';
    const wanted = asked === 'Status.Inactive' ? 'inactive' : 'active';
    this.#add('filter_by', wanted, (subject) => subject.field('status') === wanted);
  }

  #modification(): void {
    const text = this.params.get('last_modified_time');
    if (!this.entity.filtersByModification || text === null) return;
    const since = secondsOf(text);
    // A "+" that was not percent-encoded arrives as a space; such a text is no instant and is ignored like any unknown value.
    if (since === undefined) return;
    const exclusive = this.rules.modifiedFilterExclusive;
    this.#add(exclusive ? 'modified>' : 'modified>=', String(since), (subject) => {
      const seconds = subject.seconds('last_modified_time');
      return seconds !== undefined && (exclusive ? seconds > since : seconds >= since);
    });
  }

  #text(field: string): void {
    const variants: readonly [string, (value: string, wanted: string) => boolean][] = [
      ['', (value, wanted) => value === wanted || (wanted !== '' && value !== '' && Number(value) === Number(wanted))],
      ['_startswith', (value, wanted) => value.startsWith(wanted)],
      ['_contains', (value, wanted) => value.includes(wanted)],
      ['_less_than', (value, wanted) => Number(value) < Number(wanted)],
      ['_less_equals', (value, wanted) => Number(value) <= Number(wanted)],
      ['_greater_than', (value, wanted) => Number(value) > Number(wanted)],
      ['_greater_equals', (value, wanted) => Number(value) >= Number(wanted)],
    ];
    for (const [suffix, holds] of variants) {
      const wanted = this.params.get(field + suffix);
      if (wanted !== null) this.#add(field + suffix, wanted, (subject) => holds(scalarText(subject.field(field)), wanted));
    }
  }

  #date(field: string): void {
    const variants: readonly [string, (value: string, wanted: string) => boolean][] = [
      ['', (value, wanted) => value === wanted],
      ['_start', (value, wanted) => value >= wanted],
      ['_end', (value, wanted) => value <= wanted],
      ['_before', (value, wanted) => value < wanted],
      ['_after', (value, wanted) => value > wanted],
    ];
    for (const [suffix, holds] of variants) {
      const wanted = this.params.get(field + suffix);
      if (wanted === null || !/^\d{4}-\d{2}-\d{2}$/.test(wanted)) continue;
      this.#add(field + suffix, wanted, (subject) => {
        const value = scalarText(subject.field(field));
        return value !== '' && holds(value, wanted);
      });
    }
  }
}
