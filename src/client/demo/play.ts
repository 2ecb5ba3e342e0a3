import type { Database } from '../../database/database';
import { readRunFacts, type RunFacts } from '../../report/run-facts';
import { count, counted } from '../../report/words';
import type { StackAddresses } from '../../stack/supervisor';
import { verifyInstallation } from '../commands/verify';
import { followRun } from '../follow-run';
import { plain } from '../live/look';
import { PlainWriter } from '../live/plain-writer';
import { openForReading } from '../open-database';
import { commandContext, type Project } from '../project';
import { prepareClaims } from '../run-wishes';
import { tellSandbox, type SandboxPlace } from '../sandbox-part';
import { connectTemporal, type TemporalLink } from '../temporal/connect-temporal';
import { startRun } from '../temporal/start-run';
import type { DemoOutcome, SandboxWork } from './demo-result';

/** Edited between the two runs; fewer where the sandbox has fewer invoices. */
const EDITS = 5;
const PIPELINE = 'zoho-books';

export interface DemoStage {
  readonly project: Project;
  readonly place: SandboxPlace;
  readonly addresses: StackAddresses;
  readonly note: (line: string) => void;
}

/** First run, edits, second run, deep check, a query. Precondition: an empty database, a worker, a sandbox. */
export async function playDemo(stage: DemoStage): Promise<DemoOutcome> {
  const { project, note, addresses } = stage;
  const db = await openForReading(project);
  const temporal = await connectTemporal(project.loaded.settings.temporal);
  try {
    note('\nFirst run: everything is new.');
    const first = await runOnce(stage, { db, temporal });
    const edited = await editInvoices(stage.place);
    note(
      `\nEdited ${counted(edited.length, 'invoice')} in the sandbox (${edited.join(', ')}).\nSecond run: of the invoices, only they are fetched.`,
    );
    const second = await runOnce(stage, { db, temporal });
    note('\nVerifying everything: ledgers, keys, line items, watermarks, landing files, values against what the API said.');
    const verification = await verifyInstallation(project, db);
    const sample = { sql: SAMPLE, rows: await db.query(SAMPLE) };
    return { runs: [first, second], edited, verification, sample, addresses, reports: project.loaded.settings.reports.path };
  } finally {
    await temporal.close();
    await db.close();
  }
}

interface Links {
  readonly db: Database;
  readonly temporal: TemporalLink;
}

async function runOnce({ project, place, note }: DemoStage, { db, temporal }: Links): Promise<{ facts: RunFacts; sandbox: SandboxWork }> {
  await tellSandbox(place, 'DELETE', 'requests');
  const [claim] = prepareClaims(project, [PIPELINE], {}).claims;
  if (claim === undefined) throw new RangeError('no claim for the demo');
  const deps = { db, temporal, reportsFolder: project.loaded.settings.reports.path, ctx: commandContext(project) };
  const { runId } = await startRun(deps, claim.request);
  const writer = new PlainWriter((line) => note(`  ${plain(line)}`));
  await followRun(db, { runId, show: (run) => writer.show(run), everyMs: 100 });
  return { facts: await readRunFacts(db, runId), sandbox: await workOf(place) };
}

/** The sandbox's own request log is the judge of what was fetched. */
async function workOf(place: SandboxPlace): Promise<SandboxWork> {
  const requests = await tellSandbox<readonly { readonly kind: string }[]>(place, 'GET', 'requests');
  const of = (kind: string): number => requests.filter((request) => request.kind === kind).length;
  return { lists: of('list'), details: of('detail') };
}

async function editInvoices(place: SandboxPlace): Promise<string[]> {
  const { count: invoices } = await tellSandbox<{ count: number }>(place, 'GET', 'count/invoices');
  const edited: string[] = [];
  for (let index = 0; index < Math.min(EDITS, invoices); index++) {
    const patch = { reference_number: `edited by the demo, ${count(index + 1)}` };
    const { id } = await tellSandbox<{ id: string }>(place, 'POST', 'edit', { entity: 'invoices', index, patch });
    edited.push(id);
  }
  return edited;
}

/** Rows and their line items, as a report would join them. */
const SAMPLE = `select i.invoice_number, i.customer_name, i.total, count(l.line_no) as lines
  from zoho_books.json_invoices i
  join zoho_books.json_invoices_line_items l on l.parent_id = i.id
 where i.deleted_at is null
 group by i.id, i.invoice_number, i.customer_name, i.total
 order by i.total desc, i.id limit 3`;
