import { openDatabase } from '../../src/database/database';
import { hold } from './hold';
import { playReachable, playUnreachable } from './play-schedule';
import type { Hand } from './play-apart';
import { partlyUnreachable, reachable } from './schedule';

/** What a process of `playApart` does: plays the hands of its argument one after the other, and prints how much it was as JSON. */
const KINDS = {
  reachable: { schedules: reachable, play: playReachable },
  unreachable: { schedules: partlyUnreachable, play: playUnreachable },
} as const;

async function main(argument: string): Promise<void> {
  const { url, lanes, hands } = JSON.parse(argument) as { url: string; lanes: number; hands: readonly Hand[] };
  const db = openDatabase({ url, poolSize: lanes * 3 });
  try {
    const held = [];
    for (const { kind, seed, count } of hands) {
      held.push(await hold({ db, prefix: `${kind.slice(0, 1)}${seed}`, ...KINDS[kind], seed, count, lanes }));
    }
    process.stdout.write(JSON.stringify(held));
  } finally {
    await db.close();
  }
}

main(process.argv[2] ?? '').catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
