import type { Tx } from '../../database/database';
import { ident } from '../../database/identifier';
import type { DeepEntity } from './deep-entity';
import type { HeldColumn, HeldColumns } from './loader';
import { checkSql, type Findings, type SqlCheck } from './violation';

type Where = Pick<SqlCheck, 'where' | 'sql' | 'rows' | 'what'>;

/**
 * Living rows without a field that the pipeline file requires (`validation: { rule: required }`, as frozen with the newest run): they were
 * there before the rule was, or somebody changed them. Records that come in are judged by the loader.
 */
export async function checkRequired(tx: Tx, findings: Findings, entity: DeepEntity, columns: HeldColumns): Promise<void> {
  for (const field of new Set(entity.known?.required ?? [])) {
    const where = whereRequired(entity, columns, field);
    if (where !== null) await checkSql(tx, findings, { invariant: 1, name: 'required-field', entity: entity.label, ...where });
  }
}

/** `null`: there is no table that could lack it. */
function whereRequired(entity: DeepEntity, columns: HeldColumns, field: string): Where | null {
  const [array = '', member] = field.split('[].');
  if (member === undefined) return inRows(entity, columns.header, field);
  if (array === entity.known?.definition.lineItems?.field) return inLines(entity, columns.lines ?? [], member);
  return inArrays(entity, columns.header, array, member);
}

function inRows({ headers, rows }: DeepEntity, columns: readonly HeldColumn[], field: string): Where | null {
  if (headers === null) return null;
  const sql = `select id from ${headers} where deleted_at is null and ${lacks(columns, field)}`;
  return { where: headers, rows, sql, what: `living rows without ${field}, which the pipeline file requires` };
}

function inLines({ lines, lineRows }: DeepEntity, columns: readonly HeldColumn[], field: string): Where | null {
  if (lines === null) return null;
  const sql = `select parent_id, line_no from ${lines} where deleted_at is null and ${lacks(columns, field)}`;
  return { where: lines, rows: lineRows, sql, what: `living line items without ${field}, which the pipeline file requires` };
}

/** A field that never came with a value has no column: then every row lacks it. */
function lacks(columns: readonly HeldColumn[], field: string): string {
  const column = columns.find((held) => held.field === field);
  if (column === undefined) return 'true';
  const name = ident(column.name);
  return column.type === 'text' ? `coalesce(${name}, '') = ''` : `${name} is null`;
}

function inArrays({ headers, rows }: DeepEntity, columns: readonly HeldColumn[], array: string, member: string): Where | null {
  const column = columns.find((held) => held.field === array && held.type === 'jsonb');
  if (headers === null || column === undefined) return null;
  const list = `case when jsonb_typeof(${ident(column.name)}) = 'array' then ${ident(column.name)} else '[]' end`;
  const value = `coalesce(e ->> '${member.replaceAll("'", "''")}', '')`;
  const sql = `select id from ${headers} where deleted_at is null
                  and exists (select from jsonb_array_elements(${list}) e where jsonb_typeof(e) = 'object' and ${value} = '')`;
  return { where: headers, rows, sql, what: `living rows with a member of ${array} without ${member}, which the pipeline file requires` };
}
