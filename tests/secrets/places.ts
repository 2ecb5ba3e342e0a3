import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { temporal as proto } from '@temporalio/proto';
import { connectTemporal } from '../../src/client/temporal/connect-temporal';
import { scheduleId } from '../../src/domain/schedule';
import { workflowId } from '../../src/domain/ids';
import { withConnection } from '../../src/stack/postgres-connection';
import { testTemporal } from '../support/temporal';

/** Every row of every table, the statements that backends ran last, and what is written about objects. */
export async function databaseText(databaseUrl: string): Promise<string> {
  return withConnection(databaseUrl, async (client) => {
    const { rows: tables } = await client.query<{ name: string }>(
      `select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'm', 'p') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')`,
    );
    const texts: string[] = [];
    const add = async (label: string, sql: string): Promise<void> => {
      const { rows } = await client.query<{ text: string }>(sql);
      texts.push(`${label}:\n${rows.map(({ text }) => text).join('\n')}`);
    };
    for (const { name } of tables) await add(name, `select to_jsonb(t)::text as text from ${name} t`);
    await add(
      'backends',
      `select concat_ws(' ', application_name, query) as text from pg_stat_activity where datname = current_database()`,
    );
    await add('comments', `select description as text from pg_description where objoid >= 16384`);
    return texts.join('\n');
  });
}

/** All files below a folder, with their names. */
export function folderText(folder: string): string {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => `${path}\n${readFileSync(path).toString('latin1')}`)
    .join('\n');
}

/** An archive's files; tar keeps them as they are. */
export function archiveText(file: string): string {
  return gunzipSync(readFileSync(file)).toString('latin1');
}

/** Command lines of all processes that can be seen. */
export function processList(): string {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids
    .map((pid) => {
      try {
        return readFileSync(join('/proc', pid, 'cmdline'), 'utf8').replaceAll('\0', ' ');
      } catch {
        // It has ended meanwhile.
        return '';
      }
    })
    .join('\n');
}

export interface TemporalTexts {
  readonly histories: string;
  /** Memos, search attributes and everything else that a description has. */
  readonly descriptions: string;
  readonly schedules: string;
}

/** What Temporal holds of these runs and of the pipeline's schedule, payloads decoded. */
export async function temporalTexts(pipeline: string, runs: readonly string[], entities: readonly string[]): Promise<TemporalTexts> {
  const link = await connectTemporal({ address: testTemporal().address, namespace: 'default', task_queue: pipeline });
  try {
    const { client } = link;
    const ids = runs.flatMap((run) => [workflowId(pipeline, run), ...entities.map((entity) => `${workflowId(pipeline, run)}/${entity}`)]);
    const [histories, descriptions]: [string[], string[]] = [[], []];
    for (const id of ids) {
      const handle = client.workflow.getHandle(id);
      const history = await handle.fetchHistory();
      histories.push(decoded(proto.api.history.v1.History.toObject(proto.api.history.v1.History.fromObject(history), { bytes: String })));
      descriptions.push(decoded((await handle.describe()).raw));
    }
    const schedule = await client.schedule.getHandle(scheduleId(pipeline)).describe();
    return { histories: histories.join('\n'), descriptions: descriptions.join('\n'), schedules: decoded(schedule.raw) };
  } finally {
    await link.close();
  }
}

/** As JSON, every payload's bytes as the text they are. */
function decoded(value: unknown): string {
  return JSON.stringify(value, (key, part: unknown) => {
    if (key === 'data' && typeof part === 'string') return Buffer.from(part, 'base64').toString('utf8');
    const bytes = part as { readonly type?: string; readonly data?: number[] } | null;
    if (bytes?.type === 'Buffer' && Array.isArray(bytes.data)) return Buffer.from(bytes.data).toString('utf8');
    return part instanceof Uint8Array ? Buffer.from(part).toString('utf8') : part;
  });
}
