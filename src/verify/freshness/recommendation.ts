import { switchedOnBy, type SwitchedOff } from '../../config/switches';
import type { DateChoice } from './date-column';
import type { FreshnessStatus } from './status-of';

export interface Situation {
  readonly status: FreshnessStatus;
  readonly pipeline: string;
  readonly entity: string;
  readonly table: string;
  readonly filledBy: 'read' | 'load';
  /** A read or load of it came to its end before. */
  readonly filled: boolean;
  readonly choice: DateChoice;
  /** The fill itself is young enough: what is old are the dates in the rows. */
  readonly oldDates: boolean;
  /** Run of the pipeline that goes on now. */
  readonly activeRun: string | null;
  /** The entity's last run, where it did not come to a good end. */
  readonly failedRun: string | null;
  readonly lastGoodRun: string | null;
  /** Why the table could not be looked at, as PostgreSQL's code. */
  readonly sqlstate: string | null;
  /** What makes a table without limit watched; `null`: it has one. */
  readonly watch: string | null;
  /** What keeps it from being read; `null`: nothing. */
  readonly off: SwitchedOff | null;
}

/** What a person does about a table: a sentence, with the command where there is one. Empty where there is nothing to do. */
export function recommendation(at: Situation): string {
  switch (at.status) {
    case 'fresh':
      return '';
    case 'off':
      return at.off === null ? '' : switchedOnBy(at.off);
    case 'unwatched':
      return at.watch ?? '';
    case 'stale':
      return at.oldDates ? lookInSource(at) : fillIt(at);
    case 'never':
      return fillIt(at);
    case 'missing':
      return at.filled && at.filledBy === 'read' ? madeLater(at) : fillIt(at);
    case 'empty':
      return whyEmpty(at);
    case 'date_error':
      return `Correct these values ${at.filledBy === 'load' ? 'in the files and load them again' : 'in the source'}, or ${nameField(at)}`;
    case 'no_dates':
    case 'no_date_column':
      return capital(nameField(at));
    case 'error':
      return lookAt(at);
  }
}

function fillIt({ pipeline, entity, filledBy, activeRun, failedRun }: Situation): string {
  if (activeRun !== null) return `A run is at work: \`./freshet follow ${activeRun}\`.`;
  if (filledBy === 'load') return 'Load newer files: `./freshet load`, with `--dir` where they lie in a folder of their own.';
  const run = `\`./freshet run ${pipeline} --entity ${entity}\``;
  return failedRun === null ? `Run ${run}.` : `See why its last run did not end well: \`./freshet show ${failedRun}\`; then run ${run}.`;
}

function lookInSource({ pipeline, entity, choice, filledBy }: Situation): string {
  const field = choice.kind === 'column' ? choice.field : 'date';
  if (filledBy === 'load') return `The files bring nothing newer: see what wrote them, and whether ${field} is the right field.`;
  return `Look in the source whether it has newer ${entity}. If it has none, this is no fault; raise newest_max_age of ${entity} in config/pipelines/${pipeline}.yaml.`;
}

function madeLater({ pipeline, entity, table }: Situation): string {
  return `If the source has no ${entity} yet, ${table} comes with the first. Else run \`./freshet run ${pipeline} --entity ${entity} --full\`.`;
}

function whyEmpty({ lastGoodRun, filledBy, entity }: Situation): string {
  const where = filledBy === 'load' ? 'in the files' : 'in the source';
  const ledger = lastGoodRun === null ? '`./freshet history`' : `\`./freshet show ${lastGoodRun}\``;
  return `Look whether there are ${entity} ${where}; what was read, rejected and deleted shows ${ledger}.`;
}

function nameField({ pipeline, entity }: Situation): string {
  return `name its date field in config/pipelines/${pipeline}.yaml: \`entities.${entity}.freshness: { date_field: … }\`, or \`{ master: true }\` where it has none by nature.`;
}

const PERMISSION = '42501';
const LOCKED = '55P03';
const TOOK_TOO_LONG = '57014';

function lookAt({ sqlstate, table, choice }: Situation): string {
  const column = choice.kind === 'column' ? choice.column : '…';
  if (sqlstate === PERMISSION) return `Grant the role of DATABASE_URL the right to read it: \`grant select on ${table} to …\`.`;
  if (sqlstate === LOCKED) return 'Somebody holds the table in a transaction of theirs: ask again when that is over.';
  if (sqlstate === TOOK_TOO_LONG) return `An index makes the question quick: \`create index on ${table} (${column})\`.`;
  return 'Mend what the reason names; `./freshet verify --deep` looks at the table more closely.';
}

function capital(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}
