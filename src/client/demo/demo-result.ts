import type { RunFacts } from '../../report/run-facts';
import { counted } from '../../report/words';
import type { StackAddresses } from '../../stack/supervisor';
import type { VerifyDeepResult } from '../../verify/deep/verify-deep';
import { verifyResult } from '../commands/verify';
import type { CommandResult } from '../envelope';
import { EXIT } from '../exit-code';
import { shown } from '../output';
import { runError, runJson, runText } from '../run-view';
import { textTable } from '../text-table';

/** Requests that the sandbox answered during a run. */
export interface SandboxWork {
  readonly lists: number;
  readonly details: number;
}

export interface DemoOutcome {
  readonly runs: readonly { readonly facts: RunFacts; readonly sandbox: SandboxWork }[];
  /** Ids of the invoices edited between the runs. */
  readonly edited: readonly string[];
  readonly verification: VerifyDeepResult;
  readonly sample: { readonly sql: string; readonly rows: readonly object[] };
  readonly addresses: StackAddresses;
  /** The folder of all reports. */
  readonly reports: string;
}

/** Good only when every entity of every run is completed without doubt and the deep check finds nothing. */
export function demoResult(outcome: DemoOutcome): CommandResult {
  const { runs, edited, verification, sample, addresses, reports } = outcome;
  const entities = runs.flatMap(({ facts }) => facts.entities);
  const complete = runs.every(({ facts }) => facts.run.state === 'completed') && entities.every(({ state }) => state === 'completed');
  const verified = verification.violations.length === 0;
  const error = runs.map(({ facts }) => runError(facts)).find((found) => found !== undefined);
  return {
    exitCode: complete && verified ? EXIT.good : complete || error === undefined ? EXIT.findings : EXIT.failed,
    data: {
      runs: runs.map(({ facts, sandbox }) => ({ ...runJson(facts), sandbox_requests: sandbox })),
      edited,
      verification: verifyResult(verification).data,
      report_path: runs[runs.length - 1]?.facts.run.report_path ?? null,
      reports,
      addresses: { postgres: addresses.postgres, temporal: addresses.temporalAddress, temporal_ui: addresses.temporalUi ?? null },
      sample,
    },
    text: transcript(outcome),
    ...(error === undefined ? {} : { error }),
  };
}

function transcript({ runs, verification, sample, addresses, reports }: DemoOutcome): string {
  const blocks = [
    ...runs.map(({ facts, sandbox }, index) => `${index === 0 ? 'First run' : 'Second run'}: ${asked(sandbox)}\n${runText(facts)}`),
    `Verification\n${verifyResult(verification).text ?? ''}`,
    `A query\n${sample.sql}\n\n${sampleTable(sample.rows)}`,
    [
      'Places',
      `  PostgreSQL   ${addresses.postgres}`,
      ...(addresses.temporalUi === undefined ? [] : [`  Temporal UI  ${addresses.temporalUi}`]),
      `  reports      ${reports}`,
    ].join('\n'),
  ];
  return blocks.join('\n\n');
}

function asked({ lists, details }: SandboxWork): string {
  return `the sandbox was asked for ${counted(lists, 'list page')} and ${counted(details, 'invoice')}`;
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
