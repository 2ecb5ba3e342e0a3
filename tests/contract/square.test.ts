import { formatInstant } from '../../src/domain/instant';
import { startSquareSandbox, type SquareFault } from '../../src/sandbox/square';
import { SquareClient } from '../../src/sources/square/client';
import { square } from '../../src/sources/square/definition';
import { LeapingClock } from '../http/leaping-clock';
import { WIRE_FAULTS, type CommonFault, type OpenSubject } from './subject';
import { contractSuite, TIMEOUTS } from './suite';

const TOKEN = 'canary-access-token';

const FAULTS: Readonly<Record<CommonFault, SquareFault>> = {
  unavailable: 'unavailable',
  'html instead of data': 'html200',
  ...WIRE_FAULTS,
  'the same page again': 'samePage',
};

const open: OpenSubject = async ({ records, pageSize }) => {
  const counts = { locations: 2, items: 3, categories: 1, orders: records };
  const sandbox = await startSquareSandbox({ seed: 9, freeze: true, counts, accessToken: TOKEN });
  const { control } = sandbox;
  const clock = new LeapingClock();
  const client = new SquareClient(
    {
      baseUrl: sandbox.baseUrl,
      accessToken: { reveal: () => TOKEN },
      limits: { requestsPerMinute: 100_000, concurrent: 20 },
      timeouts: TIMEOUTS,
      fetchClock: clock,
    },
    pageSize,
  );
  const partitions = [...control.truth('locations')].map(({ id }) => id);
  const whole = { entity: 'orders', position: null, from: null, to: null, partitions, filters: {} };
  return {
    client,
    clock,
    definition: square.entities.orders,
    whole,
    changedSince: (from) => ({ ...whole, from }),
    boundOf: (cursorSort) => formatInstant(cursorSort),
    truth: () => [...control.truth('orders')].map(({ id }) => id),
    edit: (id) => void control.edit('orders', id, { reference_id: 'edited' }),
    create: () => control.create('orders'),
    remove: null,
    pass: (ms) => control.advanceClock(ms),
    fault: (fault, { times }) =>
      void control.addFault({ match: { kind: 'orders' }, fault: FAULTS[fault], delayMs: 0, ...(times === undefined ? {} : { times }) }),
    clearFaults: () => control.clearFaults(),
    asked: () => control.requestLog().filter(({ kind }) => kind === 'orders').length,
    wrongFilter: { total_money: '5' },
    expire: () => {
      control.addFault('orders=expired');
      return false;
    },
    secrets: [TOKEN],
    close: async () => {
      await client.close();
      await sandbox.close();
    },
  };
};

contractSuite({ name: 'Square', zone: 'UTC', open });
