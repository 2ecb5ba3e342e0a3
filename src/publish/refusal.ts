import { sqlstate } from '../database/database-error';

/** What PostgreSQL refuses a row for: values, constraints, views' check options, keys longer than an index takes, and what a trigger raises. */
const REFUSAL = /^(22|23|27|44|P0|54000)/;

export function isRefusal(error: unknown): boolean {
  return REFUSAL.test(sqlstate(error) ?? '');
}
