/** SQL: lines whose header row does not exist. */
export function orphanLines(headers: string, lines: string): string {
  return `select l.parent_id, l.line_no from ${lines} l where not exists (select from ${headers} h where h.id = l.parent_id)`;
}

/** SQL: lines that live although their header is soft-deleted. */
export function linesOfDeleted(headers: string, lines: string): string {
  return `select l.parent_id, l.line_no from ${lines} l join ${headers} h on h.id = l.parent_id where h.deleted_at is not null and l.deleted_at is null`;
}
