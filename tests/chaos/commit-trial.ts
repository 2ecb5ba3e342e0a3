import { openDatabase, type Database } from '../../src/database/database';
import { verifyDeep } from '../../src/verify/deep/verify-deep';
import { install, type Installation } from '../support/installation';
import { testContext } from '../support/test-context';
import { lookup, readerOf, sandboxOracle } from '../verify/true-copy';
import { commitProxy, type CommitPoint, type Fate } from './commit-proxy';
import type { Scene } from './commit-scenes';
import { contentDifferences, heldContent, type HeldContent } from './held-content';
import { leftovers } from './leftovers';
import { createTrialDatabase } from './trial-database';

/** The n-th COMMIT of a site, and what is lost of it. */
export interface Loss {
  readonly site: string;
  /** From 1. */
  readonly hit: number;
  readonly fate: Exclude<Fate, 'pass'>;
}

/** What a scene left behind. */
export interface CommitEvidence {
  readonly ended: string;
  /** Names of the sites that committed, in order. */
  readonly sites: readonly string[];
  readonly content: HeldContent;
  readonly problems: readonly string[];
  /** Answers of the look-up, as the log has them. */
  readonly lookedUp: readonly string[];
  readonly seconds: number;
}

/** Two list pages of contacts, three batches or more, details in two pages. */
const WORLD = { seed: 7, counts: { contacts: 70, items: 20, invoices: 32 }, unverified: { largestPage: 60 }, freeze: true };
const PACE = { FRESHET_SYNC_PIPELINE_BATCH_RECORDS: '50', FRESHET_SYNC_PIPELINE_SLICE_PAGES: '2' };
const SCHEMA = 'zoho_books';

/** Plays a scene; of the COMMIT that is named, the answer or the request is lost. */
export async function playScene(scene: Scene, loss: Loss | null): Promise<CommitEvidence> {
  const began = performance.now();
  const trial = await createTrialDatabase();
  const proxy = await commitProxy(trial.url);
  const namer = new CommitNamer();
  const at = await install({ databaseUrl: proxy.url, sandbox: WORLD, variables: PACE, faults: namer });
  const direct = openDatabase({ url: trial.url, poolSize: 2 });
  try {
    await scene.prepare(at);
    const sites: string[] = [];
    proxy.fate = (point) => {
      const site = namer.nameOf(point);
      sites.push(site);
      return loss?.site === site && sites.filter((name) => name === site).length === loss.hit ? loss.fate : 'pass';
    };
    const seen = namer.lookedUp.length;
    const ended = await scene.act(at);
    proxy.fate = () => 'pass';
    return {
      ended,
      sites,
      content: await everythingHeld(direct),
      problems: await problems(at, direct),
      lookedUp: namer.lookedUp.slice(seen),
      seconds: Math.round((performance.now() - began) / 10) / 100,
    };
  } finally {
    await direct.close();
    await at.close();
    await proxy.close();
    await trial.drop();
  }
}

/** Names commit points: a transaction by its fault site, which it passes just before, a statement that commits by itself by its words. */
class CommitNamer {
  readonly lookedUp: string[] = [];
  #site = '';

  fault = (site: string): void => {
    if (site.endsWith('.before-commit')) this.#site = site.slice(0, -'.before-commit'.length);
    if (site === 'commit.look-up') this.lookedUp.push(this.#site);
  };

  nameOf({ statements }: CommitPoint): string {
    const said = statements.at(-1) ?? '';
    if (/^\s*commit\b/i.test(said)) return this.#site;
    const words = said.replace(/\s+/g, ' ').replace(/"?s(een)?_[0-9a-f_]{8,}l?"?/g, 's…');
    return words.trim().slice(0, 60);
  }
}

/** When, by which run and attempt something came may differ; how often, and with which counts, may not. */
const OF_THE_ATTEMPT = [
  ...['run_id', 'token', 'strikes', 'attempt_mark', 'progress_mark', 'extraction_id'],
  ...['started_at', 'progress_at', 'completed_at'],
];
const COUNTED: Readonly<Record<string, string>> = {
  ledgers: `select re.entity || ' of run ' || row_number() over (partition by re.entity order by r.created_at) as key,
                   to_jsonb(re) - array['${OF_THE_ATTEMPT.join(`','`)}'] as content
              from freshet.run_entity re join freshet.run r on r.id = re.run_id`,
  runs: `select concat_ws(' ', pipeline, kind, state, reason) as key, to_jsonb(count(*)) as content from freshet.run group by 1`,
  pages: `select concat_ws(' ', entity, kind, pass) as key,
                 jsonb_build_array(count(*), sum(listed), sum(records), sum(bytes)) as content from freshet.page group by 1`,
  queue: `select state as key, to_jsonb(count(*)) as content from freshet.detail_queue group by 1`,
  batches: `select concat_ws(' ', x.entity, b.n, b.state) as key, jsonb_build_array(count(*), sum(b.records), sum(b.bytes)) as content
              from freshet.batch b join freshet.extraction x on x.id = b.extraction_id group by 1`,
  extractions: `select concat_ws(' ', entity, read_kind, state) as key, to_jsonb(count(*)) as content from freshet.extraction group by 1`,
  changes: `select concat_ws(' ', "table", (select string_agg(k, ',') from jsonb_object_keys(change) k)) as key, to_jsonb(count(*)) as content
              from freshet.schema_change group by 1`,
  requests: `select concat_ws(' ', kind, state) as key, jsonb_build_array(count(*), sum(asked)) as content from freshet.lane_request group by 1`,
  schedules: `select pipeline as key, spec as content from freshet.schedule`,
  alarms: `select concat_ws(' ', class, entity, resolved_at is null) as key, to_jsonb(count(*)) as content from freshet.alarm group by 1`,
  notices: `select kind as key, to_jsonb(count(*)) as content from freshet.notice group by 1`,
};

async function everythingHeld(db: Database): Promise<HeldContent> {
  const content = new Map(await heldContent(db, SCHEMA));
  for (const [name, query] of Object.entries(COUNTED)) {
    const rows = await db.query<{ key: string; content: string }>(`select key, content::text as content from (${query}) q`);
    content.set(name, new Map(rows.map(({ key, content: said }) => [key, said])));
  }
  return content;
}

async function problems({ landing, sandbox, loaded }: Installation, db: Database): Promise<string[]> {
  const deep = await verifyDeep({ db, landing, lookup, readerOf }, { oracle: sandboxOracle(sandbox) }, testContext());
  const [last] = await db.query<{ id: string }>(
    `select id from freshet.run where kind = 'sync' and report_path is not null order by created_at desc limit 1`,
  );
  const folders = { landing: loaded.settings.landing.path, reports: loaded.settings.reports.path, runId: last?.id ?? 'none' };
  return [
    ...deep.violations.map(({ invariant, name, message }) => `[${invariant}] ${name}: ${message}`),
    ...deep.unchecked.map(({ entity, why }) => `${entity} was not checked: ${why}`),
    ...(await leftovers(db, folders)),
  ];
}

/** Sentences about everything that the loss changed; empty means nothing. */
export function lossProblems(loss: Loss, seen: CommitEvidence, undisturbed: CommitEvidence): string[] {
  const passed = seen.sites.filter((site) => site === loss.site).length;
  const lookedFor = !/^[a-z-]+(\.[a-z-]+)*$/.test(loss.site) || seen.lookedUp.includes(loss.site);
  return [
    ...(passed < loss.hit ? [`${loss.site} never committed for the ${loss.hit}. time`] : []),
    ...(lookedFor ? [] : ['nobody looked up what became of the COMMIT']),
    ...(seen.ended === undisturbed.ended ? [] : [`it ended ${seen.ended}, undisturbed ${undisturbed.ended}`]),
    ...seen.problems.filter((problem) => !undisturbed.problems.includes(problem)),
    ...contentDifferences(seen.content, undisturbed.content),
  ];
}
