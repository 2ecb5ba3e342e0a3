import { lateRetry } from '../../src/client/temporal/late-retry';

type Options = Parameters<typeof lateRetry>[0];
type NextCall = Parameters<typeof lateRetry>[1];

it('a call that Temporal’s client makes after its connection was closed is a cancelled one, and ends no process', () => {
  const closed: NextCall = () => {
    throw new Error('Channel has been shut down');
  };
  const call = lateRetry({} as Options, closed);
  const heard: unknown[] = [];
  call.start({} as Parameters<typeof call.start>[0], { onReceiveStatus: (status) => void heard.push(status) });
  call.sendMessage({});
  call.halfClose();
  expect(heard).toMatchObject([{ code: 1, details: 'the connection was closed' }]);
});

it('any other call goes its way', () => {
  const made = {} as ReturnType<NextCall>;
  expect(lateRetry({} as Options, () => made)).toBe(made);
});
