import { recordCommits, type LossVerdict } from './commit-matrix';
import { SCENES, type Scene } from './commit-scenes';
import { lossProblems, playScene, type CommitEvidence, type Loss } from './commit-trial';
import { chaosWish } from './wish';

const LONGEST_TIMER_MS = 2 ** 31 - 1;
const WITHIN_MS = 120_000;
const DIRECTIONS = ['lose-answer', 'lose-request'] as const;

const wish = chaosWish(process.env);
const [firstRun] = SCENES as [Scene, ...Scene[]];

/** Transactions of a first run; what commits by itself besides has no name but its words. */
const RUN_SITES = [
  'attempt',
  'claim',
  'entity.end',
  'extract.close',
  'extract.confirmed',
  'extract.detail-page',
  'extract.list-page',
  'extract.open',
  'extract.plan-batch',
  'extract.publish-batch',
  'load.copy-lines',
  'load.copy-rows',
  'load.ddl',
  'load.merge',
  'load.schema',
  'token.renew',
];

if (wish === null) {
  describe('a run whose connection breaks in a COMMIT looks up what became of it, and ends as if nothing had happened', () => {
    let undisturbed: CommitEvidence;
    beforeAll(async () => {
      undisturbed = await playScene(firstRun, null);
    }, WITHIN_MS);

    it('passes every COMMIT of claim, pages, batches, load, close and end when nothing is lost', () => {
      expect(undisturbed).toMatchObject({ ended: 'completed', problems: [], lookedUp: [] });
      expect([...new Set(undisturbed.sites)].filter((site) => /^[a-z]+(\.[a-z-]+)?$/.test(site)).sort()).toEqual(RUN_SITES);
    });

    it.each<Loss>([
      { site: 'load.merge', hit: 2, fate: 'lose-answer' },
      { site: 'extract.list-page', hit: 2, fate: 'lose-request' },
    ])(
      '$site, $fate',
      async (loss) => {
        expect(lossProblems(loss, await playScene(firstRun, loss), undisturbed)).toEqual([]);
      },
      WITHIN_MS,
    );
  });
} else {
  it(
    'nothing is lost or doubled at any COMMIT whose answer or request is lost',
    async () => {
      const verdicts: LossVerdict[] = [];
      const planned = await plan();
      for (const { scene, undisturbed, loss, of } of planned) {
        const problems = await playScene(scene, loss).then(
          (seen) => ({ seconds: seen.seconds, problems: lossProblems(loss, seen, undisturbed) }),
          (error: unknown) => ({ seconds: 0, problems: [error instanceof Error ? error.message : String(error)] }),
        );
        verdicts.push({ scene: scene.name, ...loss, of, ...problems, commit: wish.commit.slice(0, 7) });
        say(verdicts, planned.length);
        if (wish.record) recordCommits(verdicts, planned.length, wish.sites.length > 0);
      }
      expect(verdicts.filter(({ problems }) => problems.length > 0)).toEqual([]);
    },
    LONGEST_TIMER_MS,
  );
}

interface Planned {
  readonly scene: Scene;
  readonly undisturbed: CommitEvidence;
  readonly loss: Loss;
  readonly of: number;
}

/** Each site once, in the first scene that passes it: its first and its last COMMIT, in both directions. */
async function plan(): Promise<Planned[]> {
  const planned: Planned[] = [];
  const known = new Set<string>();
  for (const scene of SCENES) {
    const undisturbed = await playScene(scene, null);
    for (const site of new Set(undisturbed.sites)) {
      if (known.has(site) || (wish!.sites.length > 0 && !wish!.sites.includes(site))) continue;
      known.add(site);
      const of = undisturbed.sites.filter((name) => name === site).length;
      for (const hit of new Set([1, of]))
        for (const fate of DIRECTIONS) planned.push({ scene, undisturbed, loss: { site, hit, fate }, of });
    }
  }
  if (planned.length === 0) throw new Error('no scene commits at the sites that were asked for');
  return planned;
}

function say(verdicts: readonly LossVerdict[], planned: number): void {
  const { site, hit, fate, seconds, problems } = verdicts.at(-1)!;
  const word = problems.length === 0 ? 'kept  ' : 'BROKEN';
  process.stderr.write(
    [`${verdicts.length}/${planned} ${word} ${seconds.toFixed(1)} s  ${site}:${hit} ${fate}`, ...problems, ''].join('\n'),
  );
}
