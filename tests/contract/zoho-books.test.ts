import { formatInstant } from '../../src/domain/instant';
import { startSandbox, type Fault } from '../../src/sandbox';
import { ZohoClient } from '../../src/sources/zoho-books/client';
import { zohoBooks } from '../../src/sources/zoho-books/definition';
import { ENDPOINTS, type Endpoint } from '../../src/sources/zoho-books/endpoints';
import { LeapingClock } from '../http/leaping-clock';
import { WIRE_FAULTS, type CommonFault, type OpenSubject } from './subject';
import { contractSuite, TIMEOUTS } from './suite';

const SECRET = 'canary-client-secret';
const REFRESH = 'canary-refresh-token';

const FAULTS: Readonly<Record<CommonFault, Fault>> = {
  unavailable: 'html502',
  'html instead of data': 'html502',
  ...WIRE_FAULTS,
  'the same page again': 'delay',
};

const open: OpenSubject = async ({ records, pageSize }) => {
  const sandbox = await startSandbox({
    seed: 9,
    freeze: true,
    counts: { contacts: 2, items: 2, invoices: records },
    callsPerMinute: 100_000,
    concurrent: 1_000,
    tokensPerTenMinutes: 1_000,
    clientSecret: SECRET,
    refreshToken: REFRESH,
  });
  const { control, credentials } = sandbox;
  const clock = new LeapingClock();
  const entity: Endpoint['entity'] = { ...zohoBooks.entities.invoices, paging: { kind: 'number', pageSize } };
  const reveal = (value: string) => ({ reveal: () => value });
  const client = new ZohoClient(
    {
      baseUrl: sandbox.baseUrl,
      accountsUrl: sandbox.accountsUrl,
      organizationId: credentials.organizationId,
      clientId: reveal(credentials.clientId),
      clientSecret: reveal(SECRET),
      refreshToken: reveal(REFRESH),
      limits: { requestsPerMinute: 100_000, concurrent: 20 },
      timeouts: TIMEOUTS,
      fetchClock: clock,
    },
    new Map([['invoices', { ...ENDPOINTS.get('invoices')!, entity }]]),
  );
  const whole = { entity: 'invoices', position: null, from: null, to: null, partitions: [], filters: {} };
  return {
    client,
    clock,
    definition: entity,
    whole,
    changedSince: (from) => ({ ...whole, from }),
    boundOf: (cursorSort) => formatInstant(cursorSort),
    truth: () => [...control.truth('invoices')].map(({ id }) => id),
    edit: (id) => void control.edit('invoices', id, { notes: 'edited' }),
    create: () => control.create('invoices'),
    remove: (id) => void control.remove('invoices', id),
    pass: (ms) => control.advanceClock(ms),
    fault: (fault, { times }) =>
      void control.addFault({ match: { kind: 'list' }, fault: FAULTS[fault], delayMs: 0, ...(times === undefined ? {} : { times }) }),
    clearFaults: () => control.clearFaults(),
    asked: () => control.requestLog().filter(({ kind }) => kind === 'list').length,
    wrongFilter: { page: '2' },
    expire: () => {
      control.expireTokens();
      return true;
    },
    secrets: [SECRET, REFRESH],
    close: async () => {
      await client.close();
      await sandbox.close();
    },
  };
};

contractSuite({ name: 'Zoho Books', zone: 'UTC', without: ['the same page again'], open });
