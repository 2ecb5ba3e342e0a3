import type { NextAction } from '../domain/errors';
import { isFresh } from '../domain/fresh';
import { commandText, daysText, loadedInput } from './command-text';
import type { LedgerColumn } from '../domain/ledger';
import { publishedMoves, publishedSum } from './published-words';
import { reconciledVerdict } from './reconciled-words';
import type { DoubtsAccepted, EntityFacts, RunFacts } from './run-facts';
import { waitWords } from '../domain/wait-words';
import { counted, listed, reportReader } from './words';

const UNFINISHED = ['failed', 'held', 'skipped', 'cancelled'] as const;

/** The run in one sentence: what came of it, and what came in. */
export function verdict({ run, entities }: RunFacts): string {
  switch (run.state) {
    case 'completed':
      return completedVerdict(entities);
    case 'doubtful':
      return reconciledVerdict(entities) ?? doubtfulVerdict(entities);
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

/** `3 entities complete`, with those that were fresh and not read, and those of which only a part was. */
function complete(entities: readonly EntityFacts[]): string {
  const fresh = entities.filter(leftAlone).length;
  const parts = entities.filter(({ state, read_kind: read }) => state === 'completed' && read === 'partial').length;
  return [
    `${counted(entities.length - fresh, 'entity', 'entities')} complete`,
    ...(fresh === 0 ? [] : [`${fresh} fresh`]),
    ...(parts === 0 ? [] : [parts === 1 ? '1 of them a partial read' : `${parts} of them partial reads`]),
  ].join(', ');
}

function leftAlone({ state, skipped_reason: why }: EntityFacts): boolean {
  return state === 'skipped' && isFresh(why);
}

function completedVerdict(entities: readonly EntityFacts[]): string {
  if (entities.length > 0 && entities.every(leftAlone))
    return `Everything is fresh: nothing was read of ${counted(entities.length, 'entity', 'entities')}.`;
  return reconciledVerdict(entities) ?? `Everything adds up: ${complete(entities)}, ${movement(entities)}.`;
}

function doubtfulVerdict(entities: readonly EntityFacts[]): string {
  const open = openDoubts(entities);
  return open.length === 0
    ? `Everything adds up, and the doubts about ${listed(doubted(entities))} are accepted: ${complete(entities)}, ${movement(entities)}.`
    : `Everything adds up, yet someone should look at ${listed(open)}: ${complete(entities)}, ${movement(entities)}.`;
}

/** An entity's state, with the doubt about it and what became of that. */
export function stateWords({
  state,
  doubts,
  doubts_accepted: accepted,
}: Pick<EntityFacts, 'state' | 'doubts' | 'doubts_accepted'>): string {
  if (doubts.length === 0) return state;
  return accepted === null ? `${state}, doubtful` : `${state}, doubt accepted`;
}

export function acceptedWords({ by, at, because }: DoubtsAccepted): string {
  return `accepted by ${by} on ${at.slice(0, 10)}: ${because}`;
}

/** What moved in the tables: `1,290 fetched, 1,280 inserted, 10 updated`, or that nothing did. */
export function movement(entities: readonly EntityFacts[]): string {
  const sum = (column: LedgerColumn): number => entities.reduce((total, { ledger }) => total + ledger[column], 0);
  const changed = (['inserted', 'updated', 'revived', 'undone', 'deleted', 'rejected', 'undetailed'] as const)
    .filter((column) => sum(column) > 0)
    .map((column) => `${sum(column).toLocaleString('en-US')} ${column}`);
  const fetched = `${counted(sum('fetched'), 'record')} fetched`;
  const published = publishedMoves(publishedSum(entities.map((entity) => entity.published)));
  return [
    changed.length === 0 ? `${fetched}, nothing new` : `${fetched}, ${changed.join(', ')}`,
    ...(published === '' ? [] : [`published: ${published}`]),
  ].join('; ');
}

function doubted(entities: readonly EntityFacts[]): string[] {
  return entities.filter(({ doubts }) => doubts.length > 0).map(({ entity }) => entity);
}

function openDoubts(entities: readonly EntityFacts[]): string[] {
  return doubted(entities.filter(({ doubts_accepted: accepted }) => accepted === null));
}

function unfinished(entities: readonly EntityFacts[]): string {
  const groups = UNFINISHED.map((state) => ({
    state,
    names: entities.filter((entity) => entity.state === state && !leftAlone(entity)).map(({ entity }) => entity),
  }));
  return groups
    .filter(({ names }) => names.length > 0)
    .map(({ state, names }) => `${listed(names)} ${state}`)
    .join('; ');
}

function good(entities: readonly EntityFacts[]): string {
  const complete = entities.filter(({ state }) => state === 'completed');
  if (complete.length === 0) return 'No entity is complete.';
  const open = openDoubts(complete);
  const names = complete.map(({ entity }) => entity).filter((name) => !open.includes(name));
  return [
    ...(names.length === 0 ? [] : [`${listed(names)} ${names.length === 1 ? 'is' : 'are'} good.`]),
    ...(open.length === 0 ? [] : [`Someone should look at ${listed(open)}.`]),
  ].join(' ');
}

const command = (label: string, text: string): NextAction => ({ kind: 'run-command', label, command: text });

/** What the reader does now, most useful first. */
export function nextActions({ run, entities }: RunFacts): NextAction[] {
  const load = loadedInput(run) !== null;
  const again = againAction(run);
  const refused = [
    ...(entities.some(({ rejects_total: n }) => n > 0) ? [command('See what was refused', `./freshet rejects list --run ${run.id}`)] : []),
    ...(entities.some(({ published }) => (published?.conflict ?? 0) > 0)
      ? [command('Decide what source and target say differently', `./freshet conflicts list --pipeline ${run.pipeline}`)]
      : []),
  ];
  const check = command('Check the tables', `./freshet verify --deep --pipeline ${run.pipeline}`);
  switch (run.state) {
    case 'completed':
    case 'skipped':
      return refused;
    case 'doubtful':
      if (openDoubts(entities).length === 0) return refused;
      if (run.kind === 'reconcile') return [...refused, mendAction(run, entities)];
      return load
        ? [check, ...refused]
        : [
            check,
            ...refused,
            command('Read everything once more', `./freshet run ${run.pipeline} --entity ${openDoubts(entities).join(',')} --full`),
            command(
              'Or, where all is as it should be, accept it',
              `./freshet doubt accept ${run.id} ${openDoubts(entities)[0]!} --because TEXT`,
            ),
          ];
    case 'partial':
    case 'failed':
    case 'cancelled':
      return [...refused, ...differing(run, entities), ...releases(run, entities), ...(waitsForApproval(run, entities) ? [] : [again])];
    case 'starting':
    case 'running':
    case 'paused':
      return [command('Look again', `./freshet show ${run.id}`), command('Stop it', `./freshet cancel ${run.id}`)];
  }
}

/** Where mending was tried already, only the whole read is left. */
function mendAction(run: RunFacts['run'], entities: readonly EntityFacts[]): NextAction {
  const names = openDoubts(entities).join(',');
  const tried = entities.some(({ reconciled }) => reconciled?.fix === true);
  if (tried) return command('Read everything once more', `./freshet run ${run.pipeline} --entity ${names} --full` + localFlag(run));
  return command('Fetch just what differs', `./freshet reconcile ${run.pipeline} --entity ${names}${daysText(run)} --fix` + localFlag(run));
}

/** What was compared in spite of the others differs, and need not wait for them. */
function differing(run: RunFacts['run'], entities: readonly EntityFacts[]): NextAction[] {
  const found = entities.filter(({ state }) => state === 'completed');
  return run.kind === 'reconcile' && openDoubts(found).length > 0 ? [mendAction(run, found)] : [];
}

/** What lets those on whom a person must decide, or whose table somebody changed, come through: taken up as they are they would stop again. */
function releases(run: RunFacts['run'], entities: readonly EntityFacts[]): NextAction[] {
  if (run.kind !== 'sync') return [];
  const of = (test: (entity: EntityFacts) => boolean): string =>
    entities
      .filter(test)
      .map(({ entity }) => entity)
      .join(',');
  const [gone, changed] = [of(heldForDeletes), of(({ error_code: code }) => code === 'ledger-does-not-add-up')];
  const approve = `./freshet retry ${run.id} --approve-deletes` + localFlag(run);
  return [
    ...(gone === ''
      ? []
      : [
          command('See which rows the source has no more', `./freshet reconcile ${run.pipeline} --entity ${gone}` + localFlag(run)),
          command('Delete them, where they are really gone', approve),
        ]),
    ...(changed === ''
      ? []
      : [
          command(
            'Fetch what is missing, where somebody changed the table by hand',
            `./freshet reconcile ${run.pipeline} --entity ${changed} --fix` + localFlag(run),
          ),
        ]),
  ];
}

/** Nothing but deletions is left: without an approval a retry would be held as well. */
function waitsForApproval(run: RunFacts['run'], entities: readonly EntityFacts[]): boolean {
  const left = entities.filter(({ state }) => UNFINISHED.some((each) => each === state));
  return run.kind === 'sync' && left.length > 0 && left.every(heldForDeletes);
}

function heldForDeletes({ state, held_reason: why }: EntityFacts): boolean {
  return state === 'held' && why !== null && why.startsWith('deletes:');
}

/** What did not come through, as it was asked for. A replay is asked for anew by what is still refused, an undo by what is still deleted. */
function againAction(run: RunFacts['run']): NextAction {
  if (run.command['undo'] !== undefined) return command('See what is still deleted', './freshet deletes list');
  if (run.kind === 'replay') return command('See what is still refused', `./freshet rejects list --pipeline ${run.pipeline}`);
  if (loadedInput(run) !== null) return command('Load it again', `./freshet ${commandText(run)}`);
  if (run.kind === 'reconcile') return command('Compare again', `./freshet ${commandText(run)}` + localFlag(run));
  return command('Take up what did not come through', `./freshet retry ${run.id}${localFlag(run)}`);
}

function localFlag({ command: given }: RunFacts['run']): string {
  return given['local'] === true ? ' --local' : '';
}
