/**
 * The ledger of one entity in one run (contracts §6): every record that came in went somewhere.
 * Counts are bigint in SQL; in memory they stay below 2^53 for any run that ends.
 */
export const LEDGER_COLUMNS = [
  'listed',
  'resumed',
  'known',
  'vanished',
  'undetailed',
  'fetched',
  'remaining',
  'unloaded_before',
  'landed',
  'unloaded_after',
  'inserted',
  'updated',
  'revived',
  'unchanged',
  'stale',
  'skipped',
  'duplicate',
  'rejected',
  'found_late',
  'deleted',
  'undone',
  'live_before',
  'live_after',
  'lines_before',
  'lines_added',
  'lines_removed',
  'lines_after',
] as const;
export type LedgerColumn = (typeof LEDGER_COLUMNS)[number];
export type Ledger = Readonly<Record<LedgerColumn, number>>;

export interface LedgerEquation {
  readonly name: 'listing' | 'landing' | 'loading' | 'rows' | 'lines' | 'complete';
  readonly text: string;
  readonly left: (ledger: Ledger) => number;
  readonly right: (ledger: Ledger) => number;
}

export const LEDGER_EQUATIONS: readonly LedgerEquation[] = [
  {
    name: 'listing',
    text: 'listed + resumed = known + vanished + undetailed + fetched + remaining',
    left: (l) => l.listed + l.resumed,
    right: (l) => l.known + l.vanished + l.undetailed + l.fetched + l.remaining,
  },
  {
    name: 'landing',
    text: 'fetched + unloaded_before = landed + unloaded_after',
    left: (l) => l.fetched + l.unloaded_before,
    right: (l) => l.landed + l.unloaded_after,
  },
  {
    name: 'loading',
    text: 'landed = inserted + updated + revived + unchanged + stale + skipped + duplicate + rejected',
    left: (l) => l.landed,
    right: (l) => l.inserted + l.updated + l.revived + l.unchanged + l.stale + l.skipped + l.duplicate + l.rejected,
  },
  {
    name: 'rows',
    text: 'live_after = live_before + inserted + revived + undone - deleted',
    left: (l) => l.live_after,
    right: (l) => l.live_before + l.inserted + l.revived + l.undone - l.deleted,
  },
  {
    name: 'lines',
    text: 'lines_after = lines_before + lines_added - lines_removed',
    left: (l) => l.lines_after,
    right: (l) => l.lines_before + l.lines_added - l.lines_removed,
  },
];

/** Ends a complete extraction: nothing left to fetch, nothing left to load. */
export const COMPLETE_EQUATION: LedgerEquation = {
  name: 'complete',
  text: 'remaining = unloaded_after = 0',
  left: (l) => l.remaining + l.unloaded_after,
  right: () => 0,
};

export interface LedgerFault {
  readonly name: LedgerEquation['name'];
  readonly text: string;
  readonly left: number;
  readonly right: number;
}

/** The equations that do not hold; empty is green. */
export function checkLedger(ledger: Ledger, extractionComplete: boolean): LedgerFault[] {
  const equations = extractionComplete ? [...LEDGER_EQUATIONS, COMPLETE_EQUATION] : LEDGER_EQUATIONS;
  return equations
    .map(({ name, text, left, right }) => ({ name, text, left: left(ledger), right: right(ledger) }))
    .filter(({ left, right }) => left !== right);
}
