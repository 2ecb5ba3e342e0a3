import { setTimeout as sleep } from 'node:timers/promises';
import { sqlstate } from '../../src/database/database-error';
import { isFreshetError } from '../../src/domain/errors';
import { changes, everythingHeld } from '../chaos/everything-held';
import { isStopped } from '../chaos/killed-worker';
import type { Installed } from '../publish/chain';
import { PublishTrial, type Ended, type Successor } from './publish-trial';
import type { PublishScene } from './publish-scenes';
import { differences } from './published-state';

/** A zombie wakes when its successor has just begun, or when everything is done. */
export type Wakes = 'meanwhile' | 'afterwards';

const WITHIN_MS = 60_000;
/** A newer attempt ends the connections of the older one. */
const ENDED_BY_ANOTHER = '57P01';

/** The trials of one scene, and what an undisturbed process makes of it. */
export class PublishTrials {
  private readonly whole = new Map<Successor, Promise<Ended>>();
  /** The fault sites that an undisturbed process passes, in their order; after `undisturbed`. */
  readonly passages: string[] = [];

  constructor(
    private readonly at: Installed,
    private readonly scene: PublishScene,
  ) {}

  /** As if nobody had died; before the next run the one at hand ends by itself. */
  undisturbed(successor: Successor): Promise<Ended> {
    let ended = this.whole.get(successor);
    if (ended === undefined) this.whole.set(successor, (ended = this.playWhole(successor)));
    return ended;
  }

  /** Sentences about every promise that a death at `site:hit` breaks; empty means kept. */
  kill(place: string, successor: Successor): Promise<string[]> {
    return this.play(async (trial) => {
      const { code, told } = trial.apart(`kill:${place}`);
      const ended = await code;
      const problems = ended === null ? [] : [`the process was not killed, it ended with code ${ended}: ${told()}`];
      return [...problems, ...(await this.compared(await trial.goOn(successor), successor))];
    });
  }

  /** The same of a process that is stopped there, thought dead, and wakes when its run is another's. */
  zombie(place: string, wakes: Wakes): Promise<string[]> {
    return this.play(async (trial) => {
      const { child, code } = trial.apart(`stop:${place}`);
      await until('the process stops', () => isStopped(child.pid!));
      const tokens = await trial.tokens();
      if (wakes === 'meanwhile') {
        const going = trial.goOn('same run');
        await Promise.race([going, until('the successor begins', async () => (await trial.tokens()) !== tokens)]);
        child.kill('SIGCONT');
        const problems = await carried(going, code);
        const held = await trial.held('same run');
        return this.compared({ ...held, problems: [...problems, ...held.problems] }, 'same run');
      }
      const ended = await trial.goOn('same run');
      const whole = await everythingHeld({ db: trial.db, loaded: this.at.loaded });
      child.kill('SIGCONT');
      await code;
      const woken = changes(whole, await everythingHeld({ db: trial.db, loaded: this.at.loaded }));
      return [...woken, ...(await this.compared(ended, 'same run'))];
    });
  }

  private async play(act: (trial: PublishTrial) => Promise<string[]>): Promise<string[]> {
    const trial = await PublishTrial.open(this.at, this.scene);
    return act(trial)
      .catch((error: unknown) => [`the trial ended with an error: ${String(error)}`])
      .finally(() => trial.close());
  }

  private async compared({ state, problems }: Ended, successor: Successor): Promise<string[]> {
    const expected = await this.undisturbed(successor);
    return [...expected.problems, ...problems, ...differences(expected.state, state)];
  }

  private async playWhole(successor: Successor): Promise<Ended> {
    const trial = await PublishTrial.open(this.at, this.scene);
    try {
      const first = await trial.goOn('same run', (site) => void (successor === 'same run' && this.passages.push(site)));
      if (successor === 'same run') return first;
      const next = await trial.goOn('next run');
      return { ...next, problems: [...first.problems, ...next.problems] };
    } finally {
      await trial.close();
    }
  }
}

/**
 * A woken process that was past its last write of an entity begins the next one, as no worker does, and then it is the newer attempt: the
 * successor leaves, and the woken one carries the run to its end.
 */
async function carried(going: Promise<Ended>, code: Promise<number | null>): Promise<readonly string[]> {
  const ended = await going.catch((error: unknown) => {
    const isLeft = (isFreshetError(error) && error.code === 'attempt-superseded') || sqlstate(error) === ENDED_BY_ANOTHER;
    if (!isLeft) throw error;
    return null;
  });
  const woken = await code;
  if (ended !== null) return ended.problems;
  return woken === 0 ? [] : [`the successor was superseded by the woken process, which ended with code ${woken}`];
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + WITHIN_MS; !(await holds()); await sleep(10))
    if (Date.now() > deadline) throw new Error(`${what}: not within ${WITHIN_MS} ms`);
}
