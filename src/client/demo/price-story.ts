import type { Database } from '../../database/database';
import type { CommandContext } from '../command-context';
import { conflictsList, conflictsResolve, conflictsShow } from '../commands/conflicts';
import type { ConflictFacts } from '../conflicts-facts';
import type { CommandResult } from '../envelope';
import { shown } from '../output';
import { tellSandbox, type Switchboard } from '../sandbox-part';
import { DISPUTED } from './pipelines';

/** A price that a person and the source change differently. Amounts as text. */
export interface Disputed {
  readonly sku: string;
  readonly price: string;
  readonly by_person: string;
  readonly by_source: string;
}

/** What became of it. */
export interface Settled extends Disputed {
  /** As the second run left it, open, and as it was after the decision. */
  readonly conflict: ConflictFacts;
  readonly settled: ConflictFacts;
  readonly price_after: string;
}

export interface StoryDeps {
  readonly db: Database;
  /** The switchboard of the 4D sandbox. */
  readonly erp: Switchboard;
  readonly note: (line: string) => void;
  /** Of the commands that are typed; its database is the demo's. */
  readonly context: CommandContext;
}

const CHOICE = `select sku, source_id, price::text, round(price * 0.9, 2)::text as by_person, (price + 5)::text as by_source
  from variant_products where price >= 100 and deleted_at is null order by sku limit 1`;

/** A person lowers a price in the typed table, by an UPDATE as anybody would type it; the ERP raises it. */
export async function changePrice({ db, erp, note }: Omit<StoryDeps, 'context'>): Promise<Disputed> {
  const [row] = await db.query<{ [Name in keyof Disputed]: string } & { source_id: string }>(CHOICE);
  if (row === undefined) throw new RangeError('the 4D sandbox has no article of 100.00 or more');
  const { source_id: id, ...disputed } = row;
  const update = `update variant_products set price = ${disputed.by_person} where sku = '${disputed.sku.replaceAll("'", "''")}'`;
  note(`A person lowers a price of ${disputed.price} in the typed table, with any SQL client:\n  ${shown(update)}`);
  await db.query(update);
  await tellSandbox(erp, 'POST', 'edit', { entity: 'Artikel_Variante', id, patch: { Preis_VK: Number(disputed.by_source) } });
  note(`In the ERP (4D) somebody raises the same price to ${disputed.by_source}.`);
  return disputed;
}

/** The commands that a person types to see and to end the conflict; carried out, with what they print. */
export async function settleConflict({ db, note, context }: StoryDeps, disputed: Disputed): Promise<Settled> {
  note(`\nThe ${DISPUTED.field} of ${shown(disputed.sku)} changed on both sides: the row keeps the person's, and somebody has to decide.`);
  const typed = async (command: string, body: Promise<CommandResult>): Promise<CommandResult> => {
    const result = await body;
    note(`$ ./freshet ${command}\n${indented(result.text ?? '')}`);
    return result;
  };
  const list = await typed('conflicts list', conflictsList({}, context));
  const { conflicts } = list.data as { readonly conflicts: readonly ConflictFacts[] };
  const conflict = conflicts.find(({ field, unique_value }) => field === DISPUTED.field && unique_value === disputed.sku);
  if (conflict === undefined) throw new RangeError(`both sides changed the price of ${disputed.sku}, and no conflict waits for a decision`);
  const { id } = conflict;
  await typed(`conflicts show ${id}`, conflictsShow(id, context));
  note("The ERP's price shall stand (--take target: the person's; --value 99.00: another one).");
  await typed(`conflicts resolve ${id} --take source`, conflictsResolve([id], { take: 'source' }, context));
  const after = await typed(`conflicts show ${id}`, conflictsShow(id, context));
  const [row] = await db.query<{ price: string }>(`select price::text from variant_products where sku = $1`, [disputed.sku]);
  const settled = (after.data as { readonly conflict: ConflictFacts }).conflict;
  return { ...disputed, conflict, settled, price_after: row?.price ?? '' };
}

const indented = (text: string): string =>
  text
    .split('\n')
    .map((line) => (line === '' ? '' : `  ${line}`))
    .join('\n');
