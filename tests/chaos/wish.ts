import { drawn, everySite, pairs, type Trial } from './kill-plan';
import { hitsOf } from './trace';

/** What `npm run chaos` asks of the kill test, handed over in FRESHET_CHAOS as JSON. */
export interface ChaosWish {
  /** The words behind `npm run chaos --`, for the record. */
  readonly asked: string;
  /** First, middle and last hit of these sites; empty with `all`: of every site. */
  readonly sites: readonly string[];
  readonly all: boolean;
  /** Seeds whose draws are tried, `draws` each. */
  readonly seeds: readonly number[];
  readonly draws: number;
  /** Trials in which the successor is killed as well. */
  readonly pairs: number;
  readonly record: boolean;
  /** Go on with the recording of the same wish and the same commit, where there is one. */
  readonly resume: boolean;
  /** The commit that is tried; empty outside git. */
  readonly commit: string;
}

/** `null`: nothing was asked for; the trials of CI run. */
export function chaosWish(variables: Readonly<Record<string, string | undefined>>): ChaosWish | null {
  const text = variables['FRESHET_CHAOS'];
  return text === undefined ? null : (JSON.parse(text) as ChaosWish);
}

/** `passages`: the sites of the undisturbed run, in its order. */
export function wishedTrials(wish: ChaosWish, passages: readonly string[]): Trial[] {
  const hits = hitsOf(passages);
  const unknown = wish.sites.filter((site) => !hits.has(site));
  if (unknown.length > 0) throw new Error(`no run passes ${unknown.join(', ')}; there are: ${[...hits.keys()].join(', ')}`);
  const bySite = wish.all || wish.sites.length > 0 ? everySite(hits, wish.sites) : [];
  const seeds = wish.seeds.flatMap((seed) => drawn(hits, seed, wish.draws));
  return [...bySite, ...seeds, ...pairs(passages, wish.seeds[0] ?? 1, wish.pairs)];
}
