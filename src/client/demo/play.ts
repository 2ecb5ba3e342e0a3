import { count, counted } from '../../report/words';
import type { StackAddresses } from '../../stack/supervisor';
import { verifyInstallation } from '../commands/verify';
import type { CommandContext } from '../command-context';
import { openForReading } from '../open-database';
import type { Project } from '../project';
import { tellSandbox, type Switchboard } from '../sandbox-part';
import { connectTemporal } from '../temporal/connect-temporal';
import type { DemoOutcome } from './demo-result';
import { changePrice, settleConflict } from './price-story';
import { isComplete, playRound } from './round';

/** Edited between the two rounds; fewer where the sandbox has fewer invoices. */
const EDITS = 5;

export interface DemoStage {
  readonly project: Project;
  /** The switchboards of the sandboxes of Zoho Books and of 4D. */
  readonly books: Switchboard;
  readonly erp: Switchboard;
  readonly addresses: StackAddresses;
  readonly note: (line: string) => void;
  readonly context: CommandContext;
}

/**
 * First round, changes on both sides, second round, a conflict and its end, deep check, a query. A round that does not come through is the last
 * thing that is played. Precondition: an empty database, a worker, three sandboxes.
 */
export async function playDemo(stage: DemoStage): Promise<DemoOutcome> {
  const { project, note, addresses } = stage;
  const db = await openForReading(project);
  const temporal = await connectTemporal(project.loaded.settings.temporal);
  const places = { addresses, reports: project.loaded.settings.reports.path };
  try {
    const deps = { ...stage, db, temporal };
    note('\nFirst run: everything is new.');
    const first = await playRound(deps);
    if (!isComplete(first)) return { ...places, rounds: [first], edited: [], ending: null };
    note('\nThen something changes.');
    const edited = await editInvoices(stage.books);
    note(`Edited in Zoho Books: ${counted(edited.length, 'invoice')}.`);
    const disputed = await changePrice(deps);
    note('\nSecond run: what changed is found, and of the invoices only that is asked for.');
    const second = await playRound(deps);
    if (!isComplete(second)) return { ...places, rounds: [first, second], edited, ending: null };
    note(`The sandbox of Zoho Books was asked for ${counted(second.books.details, 'invoice')}.`);
    const price = await settleConflict(deps, disputed);
    note('\nEverything is checked: ledgers, keys, line items, watermarks, landing files, values, typed tables.\n$ ./freshet verify --deep');
    const verification = await verifyInstallation(project, db);
    const sample = { sql: SAMPLE, rows: await db.query(SAMPLE) };
    return { ...places, rounds: [first, second], edited, ending: { price, verification, sample } };
  } finally {
    await temporal.close();
    await db.close();
  }
}

async function editInvoices(books: Switchboard): Promise<string[]> {
  const { count: invoices } = await tellSandbox<{ count: number }>(books, 'GET', 'count/invoices');
  const edited: string[] = [];
  for (let index = 0; index < Math.min(EDITS, invoices); index++) {
    const patch = { reference_number: `edited by the demo, ${count(index + 1)}` };
    const { id } = await tellSandbox<{ id: string }>(books, 'POST', 'edit', { entity: 'invoices', index, patch });
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
