import { z } from 'zod';

import { scheduleSchema } from './schedule';
import { countSchema, durationSchema } from './units';

const column = () => z.string('the name of a column').min(1, 'the name of a column').max(200, 'the name of a column');

function isZone(text: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: text }));
  } catch {
    return false;
  }
}

const zone = () => z.string('an IANA time zone such as Europe/Berlin').refine(isZone, 'an IANA time zone such as Europe/Berlin');

const SIDE = 'table:<schema>.<table>, query:<select …>, csv:<path>, sqlite:<path>#<table> or env:<VARIABLE>#<schema>.<table>';
const WITHOUT_PASSWORD = 'without an address in it: put the URL into a variable and write env:<VARIABLE>#<schema>.<table>';

/** Hidden in mistakes: a URL that somebody wrote here all the same has a password. */
const name = () =>
  z
    .string(SIDE)
    .refine((text) => !/^\s*postgres(ql)?:\/\//i.test(text), WITHOUT_PASSWORD)
    .meta({ secret: true });
const side = z.union(
  [
    name(),
    z.strictObject({
      from: name(),
      /** Of times that are written without one; absent: UTC. */
      zone: zone().optional(),
      /** Of a CSV file; absent: the one that its first line has. */
      delimiter: z.string('one character').length(1, 'one character').optional(),
    }),
  ],
  SIDE,
);

const decimal = () =>
  z
    .union([z.number(), z.string()], 'a number such as 0.01, or a share such as 0.5%')
    .transform(String)
    .pipe(z.string().regex(/^\d{1,20}(\.\d{1,20})?%?$/, 'a number such as 0.01, or a share such as 0.5%'));

const ruleFields = {
  /** Numbers may differ by so much (`0.01`), or by a share of the greater one (`0.5%`). */
  tolerance: decimal().optional(),
  /** Instants may lie so far apart. */
  within: durationSchema().optional(),
  trim: z.boolean('true or false').optional(),
  ignore_case: z.boolean('true or false').optional(),
  /** Runs of blanks count as one. */
  collapse: z.boolean('true or false').optional(),
  empty_is_null: z.boolean('true or false').optional(),
};

const rule = z.strictObject({ ...ruleFields, as: z.enum(['text', 'number', 'boolean', 'date', 'instant']).optional() });

/** `config/comparisons/<name>.yaml`. */
export const comparisonFileSchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9_-]{0,47}$/, 'a name: lower-case letters, digits, _ and -, at most 48'),
  description: z.string().optional(),
  owner: z.string().optional(),
  left: side,
  right: side,
  /** Left names; absent: the primary key of a table, else id. */
  key: z.array(column()).default([]),
  /** Left name: right name, where they differ. */
  columns: z.record(column(), column()).default({}),
  ignore: z.array(column()).default([]),
  /** For every column that has no rule of its own. */
  all: z.strictObject(ruleFields).prefault({}),
  rules: z.record(column(), rule).default({}),
  samples: countSchema(0, 1000).default(10),
  statistics: z.enum(['full', 'counts']).default('full'),
  schedule: scheduleSchema.optional(),
});

export type ComparisonFile = z.output<typeof comparisonFileSchema>;
