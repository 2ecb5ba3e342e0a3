import type { AnalysisDocument } from '../../load/analyze/analyze-files';
import { analysis } from '../commands/analyze';
import { inputFlags, type InputOptions } from './load';
import { projectOf } from './options';
import { asResult, type StepResult } from './result';

export interface AnalyzeResult extends StepResult {
  /** The tables must be made, or changed, before the files can be loaded; a load does it by itself (`schema_policy`). */
  readonly schema_changes_required: boolean;
  /** Per entity: fields, types, key, cursor, line items, difference to the live tables. */
  readonly entities: AnalysisDocument['entities'];
}

const NONE = { schema_changes_required: false, entities: [] };

/** Reads files through and says what they hold and what the tables need for them, as `freshet analyze` does. Writes nothing. */
export function analyze(options: InputOptions = {}): Promise<AnalyzeResult> {
  return asResult<Pick<AnalyzeResult, keyof typeof NONE>>(NONE, async () => {
    const { document } = await analysis(projectOf(options), inputFlags(options));
    const { entities, schema_changes_required, total_records: records } = document;
    const tables = entities.map((entity) => ({ name: entity.tables[0]?.table ?? entity.entity, record_count: entity.records }));
    return { records, tables, more: { schema_changes_required, entities } };
  });
}
