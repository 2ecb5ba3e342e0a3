/** What Square does not document, or documents as possible; every one a knob. */
export interface SquareRules {
  /** How far the indexes behind the two searches are behind the writes, in milliseconds; default 0. */
  indexLagMs: number;
  /** By the sandbox's clock; default 300. */
  cursorLifetimeSeconds: number;
  /** Any change of the data makes the cursors given before it stale; default no. */
  cursorsStaleOnChange: boolean;
  /** Some pages hold fewer records than asked for although more follow; default no. */
  shortPages: boolean;
  /** A full last page still carries a cursor, and the page behind it is empty; default no. */
  emptyLastPage: boolean;
  /** Records of a page of catalog search when no usable limit is given; default 100. */
  catalogSearchPage: number;
  /** 429 answers of the limits say when to come back; default no. */
  retryAfterSeconds: number | undefined;
}

export const DEFAULT_RULES: SquareRules = {
  indexLagMs: 0,
  cursorLifetimeSeconds: 300,
  cursorsStaleOnChange: false,
  shortPages: false,
  emptyLastPage: false,
  catalogSearchPage: 100,
  retryAfterSeconds: undefined,
};
