import { publishedMoves } from '../../report/published-words';
import type { EntityFacts, RunFacts } from '../../report/run-facts';
import { count } from '../../report/words';
import type { StackAddresses } from '../../stack/supervisor';
import type { VerifyDeepResult } from '../../verify/deep/verify-deep';
import { verifyResult } from '../commands/verify';
import type { CommandResult } from '../envelope';
import { nextLine } from '../error-lines';
import { EXIT } from '../exit-code';
import { movement } from '../live/entity-words';
import { shown } from '../output';
import { runError, runJson, runText } from '../run-view';
import { textTable } from '../text-table';
import type { Farewell } from './afterwards';
import type { Settled } from './price-story';
import { cameThrough, isComplete, type Round } from './round';

export interface DemoOutcome {
  /** Two; one where the first did not come through. */
  readonly rounds: readonly Round[];
  /** Ids of the invoices edited between the rounds. */
  readonly edited: readonly string[];
  /** What follows two good rounds; else null. */
  readonly ending: DemoEnding | null;
  readonly addresses: StackAddresses;
  /** The folder of all reports. */
  readonly reports: string;
}

export interface DemoEnding {
  readonly price: Settled;
  readonly verification: VerifyDeepResult;
  readonly sample: { readonly sql: string; readonly rows: readonly object[] };
}

/** Good only when every entity of every run is completed without doubt, the decision stands in the row, and the deep check finds nothing. */
export function demoResult(outcome: DemoOutcome, farewell: Farewell): CommandResult {
  const { rounds, edited, ending, addresses, reports } = outcome;
  const error = rounds.flatMap(({ runs }) => runs.map(runError)).find((found) => found !== undefined);
  const decided = ending !== null && ending.price.price_after === ending.price.by_source;
  const good = rounds.every(isComplete) && decided && ending.verification.violations.length === 0;
  return {
    exitCode: good ? EXIT.good : error === undefined ? EXIT.findings : EXIT.failed,
    data: {
      runs: rounds.flatMap(({ runs }, index) => runs.map((facts) => ({ ...runJson(facts), round: index + 1 }))),
      sandbox_requests: rounds.map(({ books }) => books),
      edited,
      price: ending?.price ?? null,
      verification: ending === null ? null : verifyResult(ending.verification).data,
      reports,
      addresses: { postgres: addresses.postgres, temporal: addresses.temporalAddress, temporal_ui: addresses.temporalUi ?? null },
      sample: ending?.sample ?? null,
      next: farewell.next,
    },
    text: `${transcript(outcome)}\n\n${[farewell.heading, ...farewell.next.map(nextLine)].join('\n')}`,
    // What it proposes would be typed into the user's own servers.
    ...(error === undefined ? {} : { error: { ...error, next: [] } }),
  };
}

function transcript({ rounds, ending, addresses, reports }: DemoOutcome): string {
  const blocks = [
    `What the runs did\n${roundsTable(rounds)}`,
    ...rounds.flatMap(({ runs }) => runs.filter((facts) => !cameThrough(facts)).map(runText)),
    ...(ending === null ? [] : endingBlocks(ending)),
    [
      'Places',
      `  PostgreSQL   ${addresses.postgres}`,
      ...(addresses.temporalUi === undefined ? [] : [`  Temporal UI  ${addresses.temporalUi}`]),
      `  reports      ${reports}`,
    ].join('\n'),
  ];
  return blocks.join('\n\n');
}

function endingBlocks({ price, verification, sample }: DemoEnding): string[] {
  const { sku, by_person, by_source, price_after } = price;
  const story = `it was ${price.price}, a person made it ${by_person}, the ERP ${by_source}; decided, the row says ${price_after}`;
  return [
    `The price of ${shown(sku)}\n${story}`,
    `Verification\n${verifyResult(verification).text ?? ''}`,
    `A query\n${sample.sql}\n\n${sampleTable(sample.rows)}`,
  ];
}

const TITLES = ['first run', 'second run'];

/** A line for each entity: what each round did to it. */
function roundsTable(rounds: readonly Round[]): string {
  const [first, ...later] = rounds;
  const columns = [
    { title: 'pipeline' },
    { title: 'entity' },
    { title: 'rows', right: true },
    ...rounds.map((_, index) => ({ title: TITLES[index]! })),
  ];
  const rows = (first?.runs ?? []).flatMap((facts, place) =>
    facts.entities.map((entity, index) => {
      const each = [facts, ...later.flatMap(({ runs }) => runs[place] ?? [])].map((run) => entityOf(run, entity.entity));
      const latest = each[each.length - 1] ?? entity;
      return [index === 0 ? facts.run.pipeline : '', entity.entity, count(latest.ledger.live_after), ...each.map((one) => didWords(one))];
    }),
  );
  return textTable(columns, rows);
}

const entityOf = ({ entities }: RunFacts, name: string): EntityFacts | undefined => entities.find(({ entity }) => entity === name);

function didWords(entity: EntityFacts | undefined): string {
  if (entity === undefined) return '';
  const { state, ledger, published } = entity;
  const moves = published === null ? '' : publishedMoves(published);
  const did = `${count(ledger.fetched)} fetched, ${movement(ledger)}${moves === '' ? '' : `; published: ${moves}`}`;
  return state === 'completed' ? did : `${state}: ${did}`;
}

function sampleTable(rows: readonly object[]): string {
  const [first] = rows;
  if (first === undefined) return '(no rows)';
  const titles = Object.keys(first);
  const cells = rows.map((row) => Object.values(row as Record<string, unknown>).map((value) => shown(String(value))));
  return textTable(
    titles.map((title) => ({ title })),
    cells,
    '  ',
  );
}
