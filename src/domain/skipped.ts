import type { EntityState } from './run';

/** How an upstream that did not complete is told of. */
const ENDED: Readonly<Partial<Record<EntityState, string>>> = {
  failed: 'failed',
  held: 'is held',
  skipped: 'was skipped',
  cancelled: 'was cancelled',
};

/** Why an entity is skipped: `waited for contacts, which failed`. */
export function skippedReason({ entity, state }: { readonly entity: string; readonly state: string }): string {
  return `waited for ${entity}, which ${ENDED[state as EntityState] ?? `is ${state}`}`;
}
