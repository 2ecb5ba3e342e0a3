import { counted } from '../../domain/counted';
import type { EntityDocument } from '../../load/analyze/analysis-document';
import type { FoundInput } from '../../run/load-input';
import { tableLines } from '../analysis-text';
import type { CommandResult } from '../envelope';
import { EXIT } from '../exit-code';
import { inputLines } from '../load-input';
import { shown } from '../output';
import type { Project } from '../project';
import { analysis, hasProblem } from './analyze';
import type { LoadFlags } from './load';

/**
 * `freshet load --dry-run`: which files would be read, in their order, and what would become of the tables. Reads every file to its end and
 * writes nothing. Exit code 4 when the load would not end well. Errors: as `analysis`.
 */
export async function plannedLoad(project: Project, flags: LoadFlags): Promise<CommandResult> {
  const { input, found, document } = await analysis(project, flags);
  const fixed = flags.skipTableCreation === true || project.loaded.settings.load.skip_table_creation;
  const entities = document.entities.map((entity) => ({ ...plannedEntity(found, entity), outcome: outcomeOf(entity, fixed) }));
  const bad = document.entities.some(hasProblem) || entities.some(({ outcome }) => outcome === 'fails' || outcome === 'held');
  const { schema_changes_required: required, total_records: records } = document;
  const text = [
    ...inputLines(found),
    '',
    ...document.entities.flatMap((entity) => entityLines(found, { entity, fixed })),
    '',
    `${counted(records, 'record')}; ${required ? 'the tables do not fit as they are.' : 'the tables fit as they are.'} Nothing was written; without --dry-run the files are loaded in this order.`,
  ].join('\n');
  const { choice } = found;
  return {
    exitCode: bad ? EXIT.findings : EXIT.good,
    data: { ...input, passed_over: choice.passedOver, total_records: records, schema_changes_required: required, entities },
    text,
  };
}

/** What the load would do about its tables: nothing, make or change them, refuse records, or nothing at all. */
type Outcome = 'fits' | 'changes' | 'rejects' | 'held' | 'fails';

function outcomeOf(entity: EntityDocument, fixed: boolean): Outcome {
  const { schema_changes_required: required, schema_policy: policy, tables } = entity;
  if (entity.problem !== null || entity.tables_problem !== null) return 'fails';
  if (!required) return 'fits';
  if (tables.some(({ blocked_by_views: views }) => views.length > 0) && policy === 'evolve' && !fixed) return 'held';
  const first = tables[0]?.exists !== true;
  if (policy === 'evolve' || first) return fixed ? 'fails' : 'changes';
  return policy === 'hold' ? 'held' : 'rejects';
}

function plannedEntity({ choice }: FoundInput, entity: EntityDocument) {
  const { pipeline, records, problem, bad_files, schema_changes_required, schema_policy, tables, tables_problem } = entity;
  const files = filesOf(choice, entity).map(({ key, at, session, bytes }) => ({ key, at, session, bytes }));
  return {
    ...{ entity: entity.entity, pipeline, files, records, problem, bad_files },
    ...{ schema_changes_required, schema_policy, tables, tables_problem },
  };
}

function filesOf(choice: FoundInput['choice'], { entity, files }: EntityDocument) {
  const own = new Set(files);
  return (choice.entities.get(entity) ?? []).filter(({ key }) => own.has(key));
}

function entityLines({ choice }: FoundInput, { entity, fixed }: { entity: EntityDocument; fixed: boolean }): string[] {
  const problems = [entity.problem, entity.tables_problem?.message ?? null, ...entity.bad_files.map(({ message }) => message)];
  return [
    `${entity.entity}: ${counted(entity.records, 'record')}`,
    ...filesOf(choice, entity).map(
      ({ key, at, bytes }) => `  ${at.slice(0, 19).replace('T', ' ')}  ${shown(key, 500)}  ${counted(bytes, 'byte')}`,
    ),
    ...problems.flatMap((problem) => (problem === null ? [] : [`  ${shown(problem, 500)}`])),
    ...entity.tables.flatMap(tableLines).map((line) => `  ${line}`),
    ...outcomeWords(entity, outcomeOf(entity, fixed)).map((line) => `  ${line}`),
  ];
}

function outcomeWords(
  { entity, schema_policy: policy, tables_problem: problem, problem: keyless }: EntityDocument,
  outcome: Outcome,
): string[] {
  if (problem !== null || keyless !== null) return [`${entity} would fail`];
  if (outcome === 'fits' || outcome === 'changes') return [];
  if (outcome === 'fails') return [`${entity} would fail: skip_table_creation is set, and its tables do not fit`];
  if (outcome === 'rejects') return ['schema_policy is reject: the tables stay, records that do not fit would be refused'];
  return [
    policy === 'hold'
      ? `schema_policy is hold: ${entity} would be held, nothing of it loaded`
      : `${entity} would be held: a view is in the way`,
  ];
}
