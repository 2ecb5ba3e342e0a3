import { FileStore } from '../../src/landing/file-store';
import { Steps } from '../../src/run/steps';
import { sourceClients } from '../../src/run/source-clients';
import { sources } from '../../src/sources';
import { testDatabase } from '../support/database';
import { install, type Installation } from '../support/installation';

const database = testDatabase();
let at: Installation;

beforeEach(async () => {
  at = await install({ databaseUrl: database.url, sandbox: { counts: { contacts: 3, items: 2, invoices: 2 } } });
});
afterEach(() => at.close());

/** What somebody waits for, and somebody else brings about. */
function door(): { readonly opened: Promise<void>; open(): void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

it('an attempt that was superseded before it swept the work folder takes nothing of its successor away', async () => {
  const step = { runId: await at.claim({ entities: ['contacts'] }), entity: 'contacts' };
  await at.steps.prepareRun(step, at.ctx);
  const [atTheSweep, mayLook, hasSwept, mayGoOn] = [door(), door(), door(), door()];
  const landing = new FileStore(at.landing.root, async (site) => {
    if (site !== 'landing.before-list') return;
    atTheSweep.open();
    await mayLook.opened;
  });
  const clients = sourceClients(at.db, at.loaded);
  const zombies = new Steps({ db: at.db, landing, sources, clients, reportsFolder: at.folder });
  const zombie = zombies
    .extract(step, {
      ...at.ctx,
      fault: async (site) => {
        if (site !== 'extract.before-list') return;
        hasSwept.open();
        await mayGoOn.opened;
      },
    })
    .catch((error: unknown) => error);
  await atTheSweep.opened;
  const outcome = await at.steps.extract(step, {
    ...at.ctx,
    // Its page is landed, and no row tells of it yet.
    fault: async (site) => {
      if (site !== 'extract.before-page-commit') return;
      mayLook.open();
      await hasSwept.opened;
    },
  });
  expect(outcome).toEqual({ outcome: 'done' });
  mayGoOn.open();
  expect(await zombie).toMatchObject({ code: 'attempt-superseded' });
  expect(await at.steps.load(step, at.ctx)).toEqual({ batches: 1, records: 3 });
  await clients.close();
});
