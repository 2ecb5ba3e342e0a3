import { draw, PUBLISH_FAMILIES } from '../chaos/kill-plan';
import { hitsOf, type SiteHits } from '../chaos/trace';
import { testDatabase } from '../support/database';
import { recordPublishKills, type PlayedScene, type PublishVerdict } from './publish-kill-record';
import { installScenes, publishScenes, SCENES, type PublishScene } from './publish-scenes';
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

const LANES = ALL ? [0, 1, 2] : [0, 1];

type Trial = { readonly site: string; readonly hit: number } & (
  { readonly kind: 'kill'; readonly successor: Successor } | { readonly kind: 'stop'; readonly wakes: Wakes }
);

/** The end of a run that publishes, or of a run as a whole, is other tests' matter. */
const ofPublish = (hits: SiteHits): SiteHits => new Map([...hits].filter(([site]) => site.startsWith('publish.')));

/** Those in which a run publishes. */
const PUBLISHES = 3;
const CHUNK_OR_END = /^publish\.(chunk|finish|after-finish)/;

/** Every place at a passage of the seed's choosing; over all scenes a zombie at each place, and the next run as the successor of chunks and ends. */
function everyTrial({ act }: PublishScene, nth: number, hits: SiteHits): Trial[] {
  const places = [...hits].map(([site, count]) => ({ site, at: (word: string) => 1 + draw(count, SEED, `${word} ${site}`) }));
  const kills = places.map(({ site, at }): Trial => ({ kind: 'kill', site, hit: at('kill'), successor: 'same run' }));
  if (act === 'decide') return kills;
  const mine = places.filter(({ site }) => draw(PUBLISHES, SEED, `turn of ${site}`) === nth);
  const stops = mine.map(({ site, at }, n): Trial => ({
    kind: 'stop',
    site,
    hit: at('stop'),
    wakes: n % 2 === 0 ? 'afterwards' : 'meanwhile',
  }));
  const left = mine.filter(({ site }) => CHUNK_OR_END.test(site));
  return [...kills, ...stops, ...left.map(({ site, at }): Trial => ({ kind: 'kill', site, hit: at('left'), successor: 'next run' }))];
}

/** Of each family one place, in a scene of the seed's choosing; the chunk that is committed and not answered for is taken up by the next run. */
function sampled({ act }: PublishScene, nth: number, hits: SiteHits): Trial[] {
  const placed = PUBLISH_FAMILIES.flatMap(({ name, has }, n): Trial[] => {
    const mine = act === 'decide' || draw(PUBLISHES, SEED, `scene of ${name}`) === nth;
    const sites = [...hits.keys()].filter(has);
    if (!mine || sites.length === 0) return [];
    const site = sites[draw(sites.length, SEED, name)]!;
    return [{ kind: 'kill', site, hit: 1 + draw(hits.get(site)!, SEED, site), successor: n === 3 ? 'next run' : 'same run' }];
  });
  const stops = nth === draw(PUBLISHES, SEED, 'scene of the zombie') ? ['publish.chunk.after-rows'] : [];
  return [...placed, ...stops.map((site): Trial => ({ kind: 'stop', site, hit: 1, wakes: SEED % 2 === 0 ? 'meanwhile' : 'afterwards' }))];
}

const howOf = (trial: Trial): string => (trial.kind === 'kill' ? `killed, ${trial.successor}` : `stopped, wakes ${trial.wakes}`);

test(
  'a publish that dies at any place, or wakes too late, leaves what an undisturbed one leaves',
  async () => {
    const at = await installScenes(database.url);
    const verdicts: PublishVerdict[] = [];
    const scenes: PlayedScene[] = SCENES.map((name) => ({ name, trials: null }));
    let nth = 0;
    try {
      for await (const scene of publishScenes(at)) {
        const trials = new PublishTrials(at, scene);
        expect((await trials.undisturbed('same run')).problems).toEqual([]);
        const hits = ofPublish(hitsOf(trials.passages));
        const play = async (trial: Trial): Promise<void> => {
          const began = performance.now();
          const place = `${trial.site}:${trial.hit}`;
          const problems = await (trial.kind === 'kill' ? trials.kill(place, trial.successor) : trials.zombie(place, trial.wakes));
          const seconds = (performance.now() - began) / 1000;
          const { site, hit } = trial;
          verdicts.push({ scene: scene.name, site, hit, hits: hits.get(site)!, how: howOf(trial), seconds, problems });
          if (RECORD !== undefined) recordPublishKills({ seed: SEED, commit: RECORD, scenes, verdicts });
        };
        const mine = ALL ? everyTrial(scene, nth, hits) : sampled(scene, nth, hits);
        scenes[nth] = { name: scene.name, trials: mine.length };
        // Another run reads the source, and is cancelled by a command whose variables are the whole process's.
        const alone = (trial: Trial): boolean => trial.kind === 'kill' && trial.successor === 'next run';
        const together = mine.filter((trial) => !alone(trial));
        await Promise.all(
          LANES.map(async (lane) => {
            for (const trial of together.filter((_, n) => n % LANES.length === lane)) await play(trial);
          }),
        );
        for (const trial of mine.filter(alone)) await play(trial);
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
