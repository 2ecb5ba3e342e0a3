import { z } from 'zod';

import { Secret } from '../../observability/secret';

// In angle brackets: an example that looked like a real address would be redacted as one, in the very error that shows it.
const FORM = 'postgres://<user>:<password>@<host>:<port>/<database>';

/** Why a text is no PostgreSQL URL, or null. An SQLite path gets its own answer: tools that freshet replaces used one here. */
export function databaseUrlProblem(text: string): string | null {
  if (/^(sqlite|file):/i.test(text) || /\.(db3?|sqlite3?)(\?.*)?$/i.test(text.replace(/^postgres(ql)?:\/\/.*/i, ''))) {
    return `SQLite path; set DATABASE_URL to a PostgreSQL server, such as ${FORM}`;
  }
  if (!/^postgres(ql)?:\/\//i.test(text)) return `a PostgreSQL URL such as ${FORM}`;
  return URL.canParse(text.replace(/^(\w+:\/\/(?:[^@/]*@)?)(?=[/?]|$)/, '$1socket')) ? null : `a complete PostgreSQL URL such as ${FORM}`;
}

/** The database's URL: text outside, a `Secret` inside. */
export function databaseUrlSchema() {
  const text = z.string(`a PostgreSQL URL such as ${FORM}`).superRefine((value, context) => {
    const problem = databaseUrlProblem(value);
    if (problem !== null) context.addIssue({ code: 'custom', message: problem });
  });
  return z
    .codec(text, z.instanceof(Secret), { decode: (value) => new Secret(value), encode: (secret) => secret.reveal() })
    .meta({ secret: true });
}
