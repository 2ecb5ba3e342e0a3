import { tableReports } from '../commands/report';
import { openForWriting } from '../open-database';
import type { TableReport } from '../table-report-facts';
import { reportMarkdown } from '../table-report-text';
import { contextOf, projectOf, type FreshetOptions } from './options';
import { asResult, type StepResult } from './result';

interface Reported {
  readonly environment: string | null;
  /** When it was looked; ISO text. `null`: it failed. */
  readonly at: string | null;
  /** Each table with rows, sizes, last load, freshness, open rejects, columns. */
  readonly reports: readonly TableReport[];
  /** The same as a page for people. */
  readonly markdown: string;
}

export interface ReportResult extends StepResult, Reported {}

const NOTHING: Reported = { environment: null, at: null, reports: [], markdown: '' };

/** All tables with what they hold, as `freshet report` does. Needs PostgreSQL only. */
export function report(options: FreshetOptions = {}): Promise<ReportResult> {
  return asResult(NOTHING, async () => {
    const project = projectOf(options);
    const db = await openForWriting(project);
    try {
      const ctx = contextOf(project, options);
      const at = ctx.now();
      const { environment } = project.loaded.settings;
      const reports = await tableReports(project, db, ctx);
      return {
        records: reports.reduce((sum, { rows }) => sum + rows, 0),
        tables: reports.map(({ table, rows }) => ({ name: table, record_count: rows })),
        more: { environment, at: at.toISOString(), reports, markdown: reportMarkdown(reports, { environment, at }) },
      };
    } finally {
      await db.close();
    }
  });
}
