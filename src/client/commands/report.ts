import { basename, dirname, resolve } from 'node:path';
import type { Database } from '../../database/database';
import { FileStore } from '../../landing/file-store';
import { limitsNow, maxAgesOf } from '../../monitor/max-ages';
import type { StageContext } from '../../observability/stage-context';
import type { CommandContext } from '../command-context';
import type { CommandResult } from '../envelope';
import { EXIT } from '../exit-code';
import { readFreshness } from '../freshness-facts';
import { openForWriting } from '../open-database';
import { shown } from '../output';
import { commandContext, openProject, type Project } from '../project';
import { readTableReports, type TableReport } from '../table-report-facts';
import { reportMarkdown, reportText } from '../table-report-text';

export interface ReportFlags {
  readonly markdown?: boolean;
  /** A file instead of stdout: Markdown, or JSON with --json. */
  readonly output?: string;
}

/** `freshet report`: all raw tables with counts, sizes, last load, freshness, open rejects, columns. Needs PostgreSQL only. Errors: `file_error`. */
export async function report(flags: ReportFlags, { flags: common }: CommandContext): Promise<CommandResult> {
  const project = openProject(common);
  const db = await openForWriting(project);
  try {
    const at = commandContext(project).now();
    const { environment } = project.loaded.settings;
    const tables = await tableReports(project, db);
    const data = { environment, at: at.toISOString(), tables };
    const markdown = (): string => reportMarkdown(tables, { environment, at });
    if (flags.output !== undefined) {
      const text = common.json === true ? `${JSON.stringify(data, null, 2)}\n` : markdown();
      const file = await written(project, flags.output, text);
      return { exitCode: EXIT.good, data: { ...data, file }, text: shown(file, 1_000) };
    }
    return flags.markdown === true
      ? { exitCode: EXIT.good, data, text: markdown(), verbatim: true }
      : { exitCode: EXIT.good, data, text: reportText(tables) };
  } finally {
    await db.close();
  }
}

/** The tables of a project's installation as they are now. */
export async function tableReports(project: Project, db: Database, ctx: StageContext = commandContext(project)): Promise<TableReport[]> {
  const limits = await limitsNow(db, project.loaded.settings.environment, () => maxAgesOf(project.loaded, ctx), ctx);
  return readTableReports(db, await readFreshness(db, limits, ctx), ctx);
}

async function written(project: Project, output: string, text: string): Promise<string> {
  const file = resolve(output);
  const ctx = commandContext(project);
  await new FileStore(dirname(file), (site) => ctx.fault(site)).write(basename(file), [Buffer.from(text, 'utf8')]);
  return file;
}
