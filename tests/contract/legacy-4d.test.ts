import { startLegacy4dSandbox, type Fault } from '../../src/sandbox/legacy-4d';
import { Legacy4dClient } from '../../src/sources/legacy-4d/client';
import { legacy4d } from '../../src/sources/legacy-4d/definition';
import { LeapingClock } from '../http/leaping-clock';
import { testContext } from '../http/test-context';
import { WIRE_FAULTS, type CommonFault, type OpenSubject } from './subject';
import { contractSuite, TIMEOUTS } from './suite';

const PASSWORD = 'canary-password-4d';
const CLASS = 'Artikel_Kategorie';

const FAULTS: Readonly<Record<CommonFault, Fault>> = {
  unavailable: 'html502',
  'html instead of data': 'html200',
  ...WIRE_FAULTS,
  'the same page again': 'samePage',
};

const open: OpenSubject = async ({ records, pageSize }) => {
  const counts = { [CLASS]: records, Artikel_Familie: 0, Artikel_Variante: 0, Auftrag: 0 };
  const sandbox = await startLegacy4dSandbox({ seed: 9, freeze: true, counts, password: PASSWORD });
  const { control } = sandbox;
  const clock = new LeapingClock();
  const reveal = (value: string) => ({ reveal: () => value });
  const client = new Legacy4dClient({
    baseUrl: sandbox.baseUrl,
    login: { username: reveal(sandbox.credentials.user), password: reveal(PASSWORD) },
    limits: { requestsPerMinute: 100_000, concurrent: 4 },
    timeouts: TIMEOUTS,
    fetchClock: clock,
    pageSize,
  });
  const { definition } = await client.survey({ entity: CLASS }, testContext());
  control.clearRequestLog();
  const whole = { entity: CLASS, position: null, from: null, to: null, partitions: [], filters: {} };
  return {
    client,
    clock,
    definition: { ...legacy4d.entityNamed(CLASS), ...definition },
    whole,
    changedSince: (from) => ({ ...whole, from }),
    boundOf: (cursorSort) => cursorSort.toString(),
    truth: () => [...control.truth(CLASS)].map(({ key }) => key),
    edit: (id) => void control.edit(CLASS, id, {}),
    create: () => control.create(CLASS),
    remove: (id) => void control.remove(CLASS, id),
    pass: (ms) => control.advanceClock(ms),
    fault: (fault, { times }) =>
      void control.addFault({ match: { kind: 'list' }, fault: FAULTS[fault], delayMs: 0, ...(times === undefined ? {} : { times }) }),
    clearFaults: () => control.clearFaults(),
    asked: () => control.requestLog().filter(({ kind }) => kind === 'list').length,
    wrongFilter: { Gibt_es_nicht: 'x' },
    expire: () => {
      control.expireSessions();
      return true;
    },
    secrets: [PASSWORD],
    close: async () => {
      await client.close();
      await sandbox.close();
    },
  };
};

contractSuite({ name: 'a 4D server', zone: 'Europe/Berlin', open });
