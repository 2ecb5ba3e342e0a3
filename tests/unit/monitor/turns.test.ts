import { Turns } from '../../../src/monitor/turns';

const names = ['c', 'a', 'b', 'd'];
const same = (name: string): string => name;

async function round(turns: Turns, list: readonly string[], ms: number, each: () => void = () => undefined): Promise<[string[], number]> {
  const seen: string[] = [];
  turns.begin(ms);
  const left = await turns.each('list', list, same, (name) => {
    seen.push(name);
    each();
    return Promise.resolve();
  });
  return [seen, left];
}

it('whatever the time does not suffice for comes first in the next round, so that nothing waits for ever behind slow ones', async () => {
  const turns = new Turns();
  const until = performance.now() + 5;
  const slow = (): void => {
    while (performance.now() < until + 10);
  };
  expect(await round(turns, names, 5, slow)).toEqual([['a'], 3]);
  expect(await round(turns, names, 0)).toEqual([[], 4]);
  // What was looked at last is gone meanwhile; its place is not.
  expect(await round(turns, ['c', 'b', 'd'], 60_000)).toEqual([['b', 'c', 'd'], 0]);
  expect(await round(turns, names, 60_000)).toEqual([['a', 'b', 'c', 'd'], 0]);
});
