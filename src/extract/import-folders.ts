import { folderTime } from './batch';

/** `raw_json/<time>` of each file of a list: its own time, or the next second that no file before it in the list has. */
export function importFolders(times: readonly string[]): string[] {
  // For each second that is taken: where to look on. What was passed on the way is led past all of it.
  const onwards = new Map<number, number>();
  return times.map((at) => {
    let second = Math.floor(Date.parse(at) / 1000);
    const passed: number[] = [];
    for (let next = onwards.get(second); next !== undefined; next = onwards.get(second)) {
      passed.push(second);
      second = next;
    }
    for (const taken of [...passed, second]) onwards.set(taken, second + 1);
    return folderTime(new Date(second * 1000).toISOString());
  });
}
