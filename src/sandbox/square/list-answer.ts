import { mix } from '../random';
import type { Position } from './cursors';
import type { SquareAnswer } from './errors';
import { instantText } from './instants';
import { questionOf } from './request';
import type { SquareRequest } from './request';
import type { SquareState } from './state';
import type { Place } from './walk';

/** One record of a list, written only when it is shown. */
export interface Row {
  readonly place: Place;
  readonly id: string;
  readonly text: () => string;
}

export interface List {
  /** Key of the array; an empty one is left out altogether. */
  readonly name: string;
  /** From the position on, as far as anybody asks. */
  readonly rows: Iterable<Row>;
  readonly position: Position;
  readonly size: number;
  /** Told as `latest_time`. */
  readonly latest?: number;
}

/** Where a request begins: at its cursor, which must belong to it, or at the start. */
export function positionOf(state: SquareState, request: SquareRequest, start: () => Omit<Position, 'page'>): Position {
  return request.cursor === undefined ? { page: 1, ...start() } : state.cursors.open(request.cursor, questionOf(request));
}

/** How many records a page holds: what was asked for, on some pages less when the rules say so. */
export function pageSize(state: SquareState, page: number, asked: number): number {
  const short = state.rules.shortPages && mix(state.world.seed, 99, page, 1) % 3 === 0;
  return short ? Math.max(1, Math.floor(asked * 0.6)) : asked;
}

/** One page of a list. `again`: its cursor leads to the same page, as a fault wants it. */
export function listAnswer(state: SquareState, request: SquareRequest, list: List, again: boolean): SquareAnswer {
  const shown: Row[] = [];
  let more = false;
  for (const row of list.rows) {
    more = shown.length === list.size;
    if (more) break;
    shown.push(row);
  }
  const last = shown.at(-1);
  const goesOn = last !== undefined && (more || (state.rules.emptyLastPage && shown.length === list.size));
  const { page, fixed } = list.position;
  const seal = (next: Position): string => state.cursors.seal(questionOf(request), next);
  const next = again ? seal(list.position) : goesOn ? seal({ page: page + 1, after: last.place, fixed }) : undefined;
  const parts = [
    ...(last === undefined ? [] : [`"${list.name}":[${shown.map((row) => row.text()).join(',')}]`]),
    ...(next === undefined ? [] : [`"cursor":"${next}"`]),
    ...(list.latest === undefined ? [] : [`"latest_time":"${instantText(list.latest, 3)}"`]),
  ];
  return { status: 200, code: undefined, body: `{${parts.join(',')}}`, ids: shown.map(({ id }) => id) };
}

/** All of a few records, in one answer. */
export function wholeAnswer(name: string, rows: readonly { readonly id: string; readonly text: string }[]): SquareAnswer {
  const body = rows.length === 0 ? '{}' : `{"${name}":[${rows.map(({ text }) => text).join(',')}]}`;
  return { status: 200, code: undefined, body, ids: rows.map(({ id }) => id) };
}
