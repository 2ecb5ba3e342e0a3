import { draw, everySite, PUBLISH_FAMILIES } from '../chaos/kill-plan';
import { hitsOf, type SiteHits } from '../chaos/trace';
import { testDatabase } from '../support/database';
import { recordPublishKills, type PublishVerdict } from './publish-kill-record';
import { installScenes, publishScenes, type PublishScene } from './publish-scenes';
import type { Successor } from './publish-trial';
import { PublishTrials, type Wakes } from './publish-trials';

/**
 * Issue D, proof 4: a process that publishes dies, or stops and wakes too late; what is held in the end is what an undisturbed one leaves.
 * One place of each family in CI, others with another FRESHET_PUBLISH_SEED; `npm run chaos -- --publish` plays every one.
 */
const database = testDatabase();
const ALL = process.env['FRESHET_PUBLISH_SITES'] === 'all';
const SEED = Number(process.env['FRESHET_PUBLISH_SEED'] ?? 1);
/** The commit that a record is for; absent: nothing is recorded. */
const RECORD = process.env['FRESHET_PUBLISH_RECORD'];

type Trial = { readonly site: string; readonly hit: number } & (
  { readonly kind: 'kill'; readonly successor: Successor } | { readonly kind: 'stop'; readonly wakes: Wakes }
);

/** The end of a run that publishes, or of a run as a whole, is other tests' matter. */
const ofPublish = (hits: SiteHits): SiteHits => new Map([...hits].filter(([site]) => site.startsWith('publish.')));

/** Every place at its first, middle and last passage, each third time with the next run as the successor; and a zombie at each place. */
function everyTrial({ act }: PublishScene, hits: SiteHits): Trial[] {
  const kills = everySite(hits).map(({ first }, n): Trial => {
    const successor = act === 'publish' && n % 3 === 2 ? 'next run' : 'same run';
    return { kind: 'kill', ...first, successor };
  });
  if (act === 'decide') return kills;
  const stops = [...hits].map(([site, count], n): Trial => {
    return { kind: 'stop', site, hit: 1 + draw(count, SEED, `stop ${site}`), wakes: n % 2 === 0 ? 'afterwards' : 'meanwhile' };
  });
  return [...kills, ...stops];
}

const SCENES = 3;

/** Of each family one place, in a scene of the seed's choosing; the chunk that is committed and not answered for is taken up by the next run. */
function sampled({ act }: PublishScene, nth: number, hits: SiteHits): Trial[] {
  const placed = PUBLISH_FAMILIES.flatMap(({ name, has }, n): Trial[] => {
    const mine = act === 'decide' || draw(SCENES, SEED, `scene of ${name}`) === nth;
    const sites = [...hits.keys()].filter(has);
    if (!mine || sites.length === 0) return [];
    const site = sites[draw(sites.length, SEED, name)]!;
    return [{ kind: 'kill', site, hit: 1 + draw(hits.get(site)!, SEED, site), successor: n === 3 ? 'next run' : 'same run' }];
  });
  const stops = nth === draw(SCENES, SEED, 'scene of the zombie') ? ['publish.chunk.after-rows'] : [];
  return [...placed, ...stops.map((site): Trial => ({ kind: 'stop', site, hit: 1, wakes: SEED % 2 === 0 ? 'meanwhile' : 'afterwards' }))];
}

const howOf = (trial: Trial): string => (trial.kind === 'kill' ? `killed, ${trial.successor}` : `stopped, wakes ${trial.wakes}`);

test(
  'a publish that dies at any place, or wakes too late, leaves what an undisturbed one leaves',
  async () => {
    const at = await installScenes(database.url);
    const verdicts: PublishVerdict[] = [];
    let nth = 0;
    try {
      for await (const scene of publishScenes(at)) {
        const trials = new PublishTrials(at, scene);
        expect((await trials.undisturbed('same run')).problems).toEqual([]);
        const hits = ofPublish(hitsOf(trials.passages));
        for (const trial of ALL ? everyTrial(scene, hits) : sampled(scene, nth, hits)) {
          const began = performance.now();
          const place = `${trial.site}:${trial.hit}`;
          const problems = await (trial.kind === 'kill' ? trials.kill(place, trial.successor) : trials.zombie(place, trial.wakes));
          const seconds = (performance.now() - began) / 1000;
          verdicts.push({
            scene: scene.name,
            site: trial.site,
            hit: trial.hit,
            hits: hits.get(trial.site)!,
            how: howOf(trial),
            seconds,
            problems,
          });
          if (RECORD !== undefined) recordPublishKills({ seed: SEED, commit: RECORD, verdicts });
        }
        nth++;
      }
    } finally {
      await at.close();
    }
    expect(verdicts.filter(({ problems }) => problems.length > 0)).toEqual([]);
    expect(verdicts.length).toBeGreaterThanOrEqual(PUBLISH_FAMILIES.length + 1);
  },
  ALL ? 7_200_000 : 240_000,
);
