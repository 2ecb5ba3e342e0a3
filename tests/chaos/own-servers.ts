import { chmodSync, cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrateToLatest } from '../../src/database/migrate';
import { openHome } from '../../src/stack/home';
import type { Part } from '../../src/stack/part';
import { providePostgres } from '../../src/stack/postgres';
import { withConnection } from '../../src/stack/postgres-connection';
import { provideTemporal } from '../../src/stack/temporal';
import type { TrialPlace } from './prepared-trial';

type ServerName = 'postgres' | 'temporal';

/** PostgreSQL and Temporal, the latter with its database in a file, of one test file: they may be killed. */
export interface OwnServers {
  readonly place: TrialPlace;
  /** SIGKILL, and waits until it is gone. */
  kill(name: ServerName): Promise<void>;
  /** Starts it again after a kill, at the same address, and waits until it answers. */
  again(name: ServerName): Promise<void>;
  /** Of a server that does not run: Temporal's database as it stands on the disk. */
  keepTemporalFiles(): void;
  /** Puts back what `keepTemporalFiles` kept; without a copy the files are deleted. */
  replaceTemporalFiles(by: 'the older copy' | 'nothing'): void;
  close(): Promise<void>;
}

const TEMPLATE = 'template_own';
const OF_TEMPORAL = /^temporal\.db/;

export async function ownServers(): Promise<OwnServers> {
  // As root, PostgreSQL runs as another user, whom a private TMPDIR would lock out.
  const folder = mkdtempSync(join(process.getuid?.() === 0 ? '/tmp' : tmpdir(), 'freshet-servers-'));
  chmodSync(folder, 0o755);
  const home = openHome(folder);
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const env = { ...process.env, TEMPORAL_ADDRESS: '' };
  // A commit that was answered must outlive a SIGKILL: the test profile would forget those of the last moment.
  const postgres = await providePostgres({ home, say });
  const temporal = await provideTemporal({ home, say, env });
  const parts: Record<ServerName, Part> = { postgres: postgres.part!, temporal: temporal.part! };
  await makeTemplate(postgres.url);
  const kept = mkdtempSync(join(tmpdir(), 'freshet-kept-'));
  return {
    place: { postgres: { url: postgres.url, template: TEMPLATE }, temporalAddress: temporal.address },
    async kill(name) {
      process.kill(parts[name].pid, 'SIGKILL');
      await parts[name].exited;
    },
    async again(name) {
      parts[name] = await parts[name].again();
    },
    keepTemporalFiles: () => copyFiles(home.root, kept),
    replaceTemporalFiles(by) {
      removeFiles(home.root);
      if (by === 'the older copy') copyFiles(kept, home.root);
    },
    async close() {
      await parts.temporal.stop();
      await parts.postgres.stop();
      for (const each of [folder, kept]) rmSync(each, { recursive: true, force: true });
    },
  };
}

async function makeTemplate(server: string): Promise<void> {
  await withConnection(server, (client) => client.query(`create database ${TEMPLATE}`));
  const url = new URL(server);
  url.pathname = `/${TEMPLATE}`;
  await migrateToLatest(url.href);
}

function temporalFiles(folder: string): string[] {
  const files = readdirSync(folder).filter((name) => OF_TEMPORAL.test(name));
  if (files.length === 0) throw new Error(`no Temporal database in ${folder}`);
  return files;
}

function copyFiles(from: string, to: string): void {
  for (const name of temporalFiles(from)) cpSync(join(from, name), join(to, name));
}

function removeFiles(folder: string): void {
  for (const name of temporalFiles(folder)) rmSync(join(folder, name));
}
