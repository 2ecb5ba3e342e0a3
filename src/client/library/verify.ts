import { counted } from '../../domain/counted';
import type { Violation } from '../../verify/deep/violation';
import { verifyInstallation } from '../commands/verify';
import { openForReading } from '../open-database';
import { projectOf, type FreshetOptions } from './options';
import { asResult, type StepResult } from './result';
import { tableCounts } from './table-counts';

export interface VerifyOptions extends FreshetOptions {
  readonly pipeline?: string;
  readonly entity?: string;
}

export interface VerifyResult extends StepResult {
  readonly violations: readonly Violation[];
}

/** Checks the invariants over tables, ledgers, watermarks and landing files, as `freshet verify --deep` does. */
export function verify(options: VerifyOptions = {}): Promise<VerifyResult> {
  return asResult<Pick<VerifyResult, 'violations'>>({ violations: [] }, async () => {
    const project = projectOf(options);
    const db = await openForReading(project);
    try {
      const { pipeline, entity } = options;
      const filter = { ...(pipeline === undefined ? {} : { pipeline }), ...(entity === undefined ? {} : { entity }) };
      const { violations, checked } = await verifyInstallation(project, db, filter);
      return {
        ...(violations.length === 0 ? {} : { error: found(violations) }),
        records: checked.reduce((sum, check) => sum + check.rows, 0),
        tables: await tableCounts(db, filter),
        more: { violations },
      };
    } finally {
      await db.close();
    }
  });
}

function found(violations: readonly Violation[]): { message: string; type: string; code: null; remedy: string } {
  return {
    message: `${counted(violations.length, 'violation')}: ${violations[0]?.message ?? ''}`,
    type: 'findings',
    code: null,
    remedy: 'Look at each with `./freshet verify --deep`; nothing was changed.',
  };
}
