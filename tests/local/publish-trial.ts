import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { claimRun } from '../../src/database/claim';
import { openDatabase, type Database } from '../../src/database/database';
import { FileStore } from '../../src/landing/file-store';
import { claimRequest } from '../../src/run/claim-request';
import { entityLookup } from '../../src/run/entity-lookup';
import { runLocal } from '../../src/run/run-local';
import { sourceClients, type SourceClients } from '../../src/run/source-clients';
import { Steps } from '../../src/run/steps';
import { sources } from '../../src/sources';
import { verifyDeep } from '../../src/verify/deep/verify-deep';
import { withVariables } from '../errors/remedies/remedy';
import type { Installed } from '../publish/chain';
import { copyDatabase, type DatabaseCopy } from '../support/database-copy';
import { readerOf } from '../verify/true-copy';
import { cancelLeft } from './cancel-left';
import { CHUNK, decideAll } from './publish-acts';
import { publishAll, type PublishScene } from './publish-scenes';
import { publishedState, type PublishedState } from './published-state';

/** Who goes on after a death: another attempt at the same run, as Temporal makes it, or, that run being cancelled, the next one. */
export type Successor = 'same run' | 'next run';

export interface Ended {
  readonly state: PublishedState;
  readonly problems: readonly string[];
}

/** A process of a trial. */
export interface Apart {
  readonly child: ChildProcess;
  /** `null`: it was killed. */
  readonly code: Promise<number | null>;
  /** What it said on its standard error. */
  told(): string;
}

interface Parts {
  readonly at: Installed;
  readonly scene: PublishScene;
  readonly folder: string;
  readonly copy: DatabaseCopy;
  readonly landing: FileStore;
}

/** A copy of a scene: database and files. */
export class PublishTrial {
  private readonly processes: Apart[] = [];

  private readonly clients: SourceClients;

  private constructor(
    private readonly parts: Parts,
    readonly db: Database,
  ) {
    this.clients = sourceClients(db, parts.at.loaded);
  }

  static async open(at: Installed, scene: PublishScene): Promise<PublishTrial> {
    const folder = mkdtempSync(join(at.folder, 'trial-'));
    cpSync(at.landing.root, join(folder, 'landing'), { recursive: true });
    const copy = await copyDatabase(scene.template);
    const parts = { at, scene, folder, copy, landing: new FileStore(join(folder, 'landing')) };
    return new PublishTrial(parts, openDatabase({ url: copy.url, poolSize: 6 }));
  }

  /** Publishes, or decides, in a process of its own. */
  apart(faults: string): Apart {
    const { scene, copy, landing, folder } = this.parts;
    const script = join(__dirname, 'publish-player.ts');
    const words = ['-r', join(__dirname, '../../scripts/typescript.cjs'), script, scene.act, scene.runId];
    const own = { DATABASE_URL: copy.url, LANDING: landing.root, REPORTS: join(folder, 'reports') };
    const env = { PATH: process.env['PATH'], FRESHET_ENV: 'test', FRESHET_FAULTS: faults, ...own };
    const child = spawn(process.execPath, words, { env, stdio: ['ignore', 'ignore', 'pipe'] });
    let told = '';
    child.stderr.on('data', (bytes: Buffer) => (told += bytes.toString()));
    const code = new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
    const apart = { child, code, told: () => told };
    this.processes.push(apart);
    return apart;
  }

  /** The work is done to its end, in this process; then what is held is told. `passed` hears of every fault site. */
  async goOn(successor: Successor, passed: (site: string) => void = () => undefined): Promise<Ended> {
    const { at, scene, copy } = this.parts;
    const ctx = { ...at.ctx, fault: passed };
    if (scene.act === 'decide') return this.ended(await decideAll(this.db, ctx), successor);
    if (successor === 'same run') return this.ended(await publishAll({ steps: this.steps(), ctx }, scene.runId), successor);
    const restore = withVariables({ ...at.loaded.variables, DATABASE_URL: copy.url });
    await cancelLeft(this.db).finally(restore);
    return this.ended(await this.nextRun(), successor);
  }

  /** The token of the attempt that may write into an entity now. */
  async tokens(): Promise<string> {
    const rows = await this.db.query<{ tokens: string }>(
      `select string_agg(entity || ' ' || token, ', ' order by entity) as tokens from freshet.run_entity where run_id = $1`,
      [this.parts.scene.runId],
    );
    return rows[0]?.tokens ?? '';
  }

  async close(): Promise<void> {
    for (const { child, code } of this.processes) {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await code;
    }
    await this.clients.close();
    await this.db.close();
    await this.parts.copy.drop();
    rmSync(this.parts.folder, { recursive: true, force: true });
  }

  private steps(): Steps {
    const { folder, landing } = this.parts;
    return new Steps({ db: this.db, landing, sources, clients: this.clients, reportsFolder: join(folder, 'reports'), publishChunk: CHUNK });
  }

  private async nextRun(): Promise<string[]> {
    const { loaded, ctx, pipeline } = this.parts.at;
    const { request } = claimRequest(loaded, sources, { pipeline, actor: 'test' });
    const claim = await claimRun(this.db, request, ctx);
    if (claim.kind === 'taken') return [`the lane is taken by ${claim.activeRunId}`];
    const state = await runLocal(this.steps(), { runId: claim.runId, plan: request.plan }, ctx);
    return state === 'completed' ? [] : [`the next run is ${state}`];
  }

  /** What is held now, and what `verify --deep` says of it. */
  async held(successor: Successor): Promise<Ended> {
    const state = await publishedState(this.db, 'chain', { byRun: successor === 'same run' });
    return { state, problems: await this.found() };
  }

  private async ended(problems: readonly string[], successor: Successor): Promise<Ended> {
    const held = await this.held(successor);
    return { ...held, problems: [...problems, ...held.problems] };
  }

  private async found(): Promise<string[]> {
    const deps = { db: this.db, landing: this.parts.landing, lookup: entityLookup(this.db, sources), readerOf };
    const { violations } = await verifyDeep(deps, { sampleRows: 10 }, this.parts.at.ctx);
    return violations.map(({ name, where, message, sample }) => `${name} ${where}: ${message} ${sample[0] ?? ''}`);
  }
}
