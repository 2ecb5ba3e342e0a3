/**
 * A second merge, written from the words of decision 0018 alone: what source, base and target hold becomes a list of rules that are asked in
 * their order. Shares nothing with src/publish.
 */
export interface Sides {
  gone: boolean;
  /** A key that is missing is an absent key of the source. */
  source: Record<string, string | null>;
  base: { state: 'none' | 'live' | 'deleted'; values: Record<string, string | null> };
  target: { flagged: boolean; values: Record<string, string | null> } | null;
  pins: Record<string, string | null>;
  /** Whether a person edited the row after the source changed the record. */
  targetIsNewer: boolean;
  referenced: boolean;
}

export interface Rules {
  fields: string[];
  strategy: string;
  deletes: string;
  updateExisting: boolean;
}

export interface Result {
  outcome: string;
  base: Sides['base'];
  target: Sides['target'];
  open: string[];
}

export function referenceMerge(given: Sides, rules: Rules): Result {
  const now = structuredClone(given);
  const end = (outcome: string, open: string[] = []): Result => ({ outcome, base: now.base, target: now.target, open });
  const differsFromBase = (values: Record<string, string | null>): boolean =>
    rules.fields.some((name) => name in values && values[name] !== given.base.values[name]);
  const winner = (targetIsNewer: boolean): string =>
    ({ source_wins: 'source', target_wins: 'target', newest_wins: targetIsNewer ? 'target' : 'source', manual: 'nobody' })[rules.strategy]!;

  if (given.gone) {
    if (given.base.state === 'none') return end('skipped');
    const edited = given.target !== null && differsFromBase(given.target.values);
    const remove = (): Result => {
      now.target = null;
      now.base.state = 'deleted';
      return end('deleted');
    };
    if (given.base.state === 'deleted') {
      const late = rules.deletes === 'delete' && given.target?.flagged === true && !edited && !given.referenced;
      return late ? remove() : end('unchanged');
    }
    if (now.target === null) {
      now.base.state = 'deleted';
      return end('unchanged');
    }
    if (rules.deletes === 'keep') return end('skipped');
    if (rules.deletes === 'delete' && !given.referenced) {
      if (!edited) return remove();
      if (winner(false) === 'target') return end('unchanged');
      if (winner(false) === 'nobody') return end('conflict', ['']);
    }
    now.base.state = 'deleted';
    if (given.target!.flagged) return end('unchanged');
    now.target.flagged = true;
    return end('deleted');
  }

  if (now.target === null) {
    if (given.base.state === 'live') {
      if (!differsFromBase(given.source)) return end('unchanged');
      if (winner(false) === 'target') return end('unchanged');
      if (winner(false) === 'nobody') return end('conflict', ['']);
    }
    const values = Object.fromEntries(
      rules.fields.map((name) => [
        name,
        name in given.pins ? given.pins[name]! : name in given.source ? given.source[name]! : given.base.values[name]!,
      ]),
    );
    now.target = { flagged: false, values };
    now.base = { state: 'live', values: { ...values } };
    return end(given.base.state === 'deleted' ? 'restored' : 'created');
  }

  if (!rules.updateExisting) {
    if (given.base.state !== 'deleted' || !given.target!.flagged) return end('skipped');
    now.target.flagged = false;
    now.base.state = 'live';
    return end('restored');
  }
  const open: string[] = [];
  for (const name of rules.fields) {
    const [was, is] = [given.base.values[name]!, given.target!.values[name]!];
    const both = (value: string | null): void => {
      now.target!.values[name] = value;
      now.base.values[name] = value;
    };
    if (name in given.pins) both(given.pins[name]!);
    else if (name in given.source && given.source[name] !== was) {
      const wanted = given.source[name]!;
      if (is === was || is === wanted) both(wanted);
      else if (winner(given.targetIsNewer) === 'source') both(wanted);
      else if (winner(given.targetIsNewer) === 'nobody') open.push(name);
    }
  }
  const restored = given.base.state === 'deleted' && given.target!.flagged;
  if (restored) now.target.flagged = false;
  now.base.state = 'live';
  const wrote = rules.fields.some((name) => now.target!.values[name] !== given.target!.values[name]);
  return end(restored ? 'restored' : open.length > 0 ? 'conflict' : wrote ? 'updated' : 'unchanged', open);
}
