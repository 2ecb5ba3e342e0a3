import type { Plan, PlanNode } from '../domain/plan';
import { isFinalEntity, type EntityState } from '../domain/run';

/** Where an entity stands for its parent: not begun, at work, or final. */
export type Standing = 'waiting' | 'working' | Extract<EntityState, 'completed' | 'failed' | 'held' | 'skipped' | 'cancelled'>;

export type Standings = ReadonlyMap<string, Standing>;

const RANK = { high: 0, medium: 1, low: 2 } as const;

/** The standing of an entity as PostgreSQL has it: final stays final, anything else is begun again. */
export function standingOf(state: EntityState): Standing {
  return isFinalEntity(state) ? (state as Standing) : 'waiting';
}

export function isSettled(standing: Standing | undefined): boolean {
  return standing !== 'waiting' && standing !== 'working';
}

/** The first upstream that ended otherwise than completed; an entity with one is skipped. An upstream outside the run counts as met. */
export function failedUpstream(node: PlanNode, standings: Standings): { readonly entity: string; readonly state: Standing } | null {
  for (const entity of node.dependsOn) {
    const state = standings.get(entity);
    if (state !== undefined && isSettled(state) && state !== 'completed') return { entity, state };
  }
  return null;
}

/**
 * Which entities begin now. First the doomed ones: they take no slot, they are only ended. Then, while there are free slots, those
 * whose upstreams are all completed, high priority first; then those that can extract ahead of an upstream that is at work.
 * An entity never begins before its upstreams have: one that waits holds its slot, and its upstreams hold theirs, so the run cannot lock itself up.
 */
export function nextToBegin(plan: Plan, standings: Standings, parallel: number): PlanNode[] {
  const waiting = plan.filter((node) => standings.get(node.entity) === 'waiting');
  const doomed = waiting.filter((node) => failedUpstream(node, standings) !== null);
  const sound = waiting.filter((node) => !doomed.includes(node)).sort((a, b) => RANK[a.priority] - RANK[b.priority]);
  const upstreams = (node: PlanNode): (Standing | undefined)[] => node.dependsOn.map((name) => standings.get(name));
  const ready = sound.filter((node) => upstreams(node).every((standing) => isSettled(standing)));
  const ahead = sound.filter((node) => !ready.includes(node) && upstreams(node).every((standing) => standing !== 'waiting'));
  const working = [...standings.values()].filter((standing) => standing === 'working').length;
  return [...doomed, ...[...ready, ...ahead].slice(0, Math.max(0, parallel - working))];
}
