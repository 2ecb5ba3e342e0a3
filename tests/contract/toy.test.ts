import { LeapingClock } from '../http/leaping-clock';
import { WIRE_FAULTS, type CommonFault, type OpenSubject } from './subject';
import { contractSuite, TIMEOUTS } from './suite';
import { ToyServer, TOY_KEY } from './toy/server';
import { things, ToyClient } from './toy/source';

/** What another source takes: its folder, and one line that runs the suite. */
const FAULTS: Readonly<Record<CommonFault, string>> = {
  unavailable: 'unavailable',
  'html instead of data': 'html',
  ...WIRE_FAULTS,
  'the same page again': 'samePage',
};

const open: OpenSubject = async ({ records, pageSize }) => {
  const toy = new ToyServer();
  const baseUrl = await toy.start(records);
  const clock = new LeapingClock();
  const client = new ToyClient({ baseUrl, key: TOY_KEY, pageSize, timeouts: TIMEOUTS, clock });
  const whole = { entity: 'things', position: null, from: null, to: null, partitions: [], filters: {} };
  return {
    client,
    clock,
    definition: things,
    whole,
    changedSince: (from) => ({ ...whole, from }),
    boundOf: (cursorSort) => cursorSort.toString(),
    truth: () => [...toy.things.keys()],
    edit: (id) => toy.put(id, 'edited'),
    create: () => {
      toy.put('t9999', 'made');
      return 't9999';
    },
    remove: (id) => void toy.things.delete(id),
    pass: () => undefined,
    fault: (fault, { times = 1_000 }) => void (toy.fault = { kind: FAULTS[fault], times }),
    clearFaults: () => void (toy.fault = null),
    asked: () => toy.asked,
    wrongFilter: { colour: 'red' },
    expire: () => {
      toy.key = 'another';
      return false;
    },
    secrets: [TOY_KEY],
    close: async () => {
      await client.close();
      await toy.close();
    },
  };
};

contractSuite({ name: 'a toy', zone: 'UTC', open });
