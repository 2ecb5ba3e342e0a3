import type { NextAction } from '../domain/errors';
import { commandText, loadedInput } from './command-text';
import type { LedgerColumn } from '../domain/ledger';
import type { EntityFacts, RunFacts } from './run-facts';
import { waitWords } from '../domain/wait-words';
import { counted, listed, reportReader } from './words';

const UNFINISHED = ['failed', 'held', 'skipped', 'cancelled'] as const;

/** The run in one sentence: what came of it, and what came in. */
export function verdict({ run, entities }: RunFacts): string {
  const all = counted(entities.length, 'entity', 'entities');
  switch (run.state) {
    case 'completed':
      return `Everything adds up: ${all} complete, ${movement(entities)}.`;
    case 'doubtful':
      return `Everything adds up, yet someone should look at ${listed(doubted(entities))}: ${all} complete, ${movement(entities)}.`;
    case 'partial':
      return `Not everything came through: ${unfinished(entities)}. ${good(entities)}`;
    case 'failed':
      return `Nothing came through: ${run.error_message ?? unfinished(entities)}.`.replace(/\.\.$/, '.');
    case 'cancelled':
      return `Cancelled on request. What was committed stays, the next run continues from there; so far ${movement(entities)}.`;
    case 'skipped':
      return `Not run: ${run.reason ?? 'no reason stored'}.`;
    case 'starting':
    case 'running':
    case 'paused':
      return `Not finished (${run.state}${run.wait_reason === null ? '' : `, ${waitWords(run, reportReader(run))}`}); so far ${movement(entities)}.`;
  }
}

/** What moved in the tables: `1,290 fetched, 1,280 inserted, 10 updated`, or that nothing did. */
export function movement(entities: readonly EntityFacts[]): string {
  const sum = (column: LedgerColumn): number => entities.reduce((total, { ledger }) => total + ledger[column], 0);
  const changed = (['inserted', 'updated', 'revived', 'deleted', 'rejected', 'undetailed'] as const)
    .filter((column) => sum(column) > 0)
    .map((column) => `${sum(column).toLocaleString('en-US')} ${column}`);
  const fetched = `${counted(sum('fetched'), 'record')} fetched`;
  return changed.length === 0 ? `${fetched}, nothing new` : `${fetched}, ${changed.join(', ')}`;
}

function doubted(entities: readonly EntityFacts[]): string[] {
  return entities.filter(({ doubts }) => doubts.length > 0).map(({ entity }) => entity);
}

function unfinished(entities: readonly EntityFacts[]): string {
  const groups = UNFINISHED.map((state) => ({
    state,
    names: entities.filter((entity) => entity.state === state).map(({ entity }) => entity),
  }));
  return groups
    .filter(({ names }) => names.length > 0)
    .map(({ state, names }) => `${listed(names)} ${state}`)
    .join('; ');
}

function good(entities: readonly EntityFacts[]): string {
  const names = entities.filter(({ state }) => state === 'completed').map(({ entity }) => entity);
  return names.length === 0 ? 'No entity is complete.' : `${listed(names)} ${names.length === 1 ? 'is' : 'are'} good.`;
}

/** What the reader does now, most useful first. */
export function nextActions({ run, entities }: RunFacts): NextAction[] {
  const command = (label: string, text: string): NextAction => ({ kind: 'run-command', label, command: text });
  const load = loadedInput(run) !== null;
  const again = load ? command('Load it again', `./freshet ${commandText(run)}`) : command('Run it again', `./freshet run ${run.pipeline}`);
  const check = command('Check the tables', `./freshet verify --deep --pipeline ${run.pipeline}`);
  switch (run.state) {
    case 'completed':
    case 'skipped':
      return [];
    case 'doubtful':
      return load
        ? [check]
        : [check, command('Read everything once more', `./freshet run ${run.pipeline} --entity ${doubted(entities).join(',')} --full`)];
    case 'partial':
    case 'failed':
    case 'cancelled':
      return [again];
    case 'starting':
    case 'running':
    case 'paused':
      return [command('Look again', `./freshet show ${run.id}`), command('Stop it', `./freshet cancel ${run.id}`)];
  }
}
