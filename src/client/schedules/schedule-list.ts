import { scheduleText } from '../../domain/schedule';
import { errorLines } from '../error-lines';
import { minute } from '../minute';
import type { Output } from '../output';
import { textTable } from '../text-table';
import type { ScheduleFacts } from './schedule-facts';

const COLUMNS = [{ title: 'pipeline' }, { title: 'times' }, { title: 'next (UTC)' }, { title: 'why not' }];

/** Every pipeline on its line; below them, whole, what is wrong with the files that cannot be read. */
export function scheduleListText(facts: readonly ScheduleFacts[], paint: Output['paint']): string {
  if (facts.length === 0) return 'There are no pipelines in config/pipelines.';
  const rows = facts.map(({ pipeline, times, compared, next, why_not: why }) => [
    pipeline,
    [times ?? '–', ...comparedWords(compared)].join('; '),
    next.map(minute).join(', ') || '–',
    why ?? '',
  ]);
  const onData: Output['paint'] = (_, colour, text) => paint('data', colour, text);
  const broken = facts.flatMap(({ pipeline, mistake }) => (mistake === null ? [] : [`${pipeline}: ${errorLines(mistake, onData)}`]));
  return [textTable(COLUMNS, rows), ...broken].join('\n\n');
}

function comparedWords(compared: ScheduleFacts['compared']): string[] {
  if (compared === null) return [];
  return [`compared ${scheduleText({ kind: 'every', everyMs: compared.every })}${compared.fix ? ' and mended' : ''}`];
}
