/** The frozen order of a run: who waits for whom. Pure data; it is the workflow's input. */
export interface PlanNode {
  readonly entity: string;
  readonly dependsOn: readonly string[];
  readonly priority: 'high' | 'medium' | 'low';
}
export type Plan = readonly PlanNode[];

const RANK = { high: 0, medium: 1, low: 2 } as const;

export type PlanFault =
  | { readonly kind: 'unknown'; readonly entity: string; readonly missing: string }
  | { readonly kind: 'cycle'; readonly path: readonly string[] };

/** Names dependencies that lead nowhere or round in a circle. */
export function planFault(plan: Plan): PlanFault | null {
  const byName = new Map(plan.map((node) => [node.entity, node]));
  for (const node of plan) {
    const missing = node.dependsOn.find((name) => !byName.has(name));
    if (missing !== undefined) return { kind: 'unknown', entity: node.entity, missing };
  }
  const done = new Set<string>();
  for (const node of plan) {
    const path = circle(node.entity, byName, [], done);
    if (path) return { kind: 'cycle', path };
  }
  return null;
}

function circle(name: string, byName: ReadonlyMap<string, PlanNode>, path: readonly string[], done: Set<string>): readonly string[] | null {
  if (done.has(name)) return null;
  if (path.includes(name)) return [...path.slice(path.indexOf(name)), name];
  for (const next of byName.get(name)?.dependsOn ?? []) {
    const found = circle(next, byName, [...path, name], done);
    if (found) return found;
  }
  done.add(name);
  return null;
}

/** A narrowed run keeps only what was asked for; dependencies on entities outside it count as met. */
export function narrowPlan(plan: Plan, entities: readonly string[]): Plan {
  const kept = new Set(entities);
  return plan
    .filter((node) => kept.has(node.entity))
    .map((node) => ({ ...node, dependsOn: node.dependsOn.filter((name) => kept.has(name)) }));
}

/** An order that respects dependencies; among the ready, high priority first, then as written. Precondition: no fault. */
export function planOrder(plan: Plan): PlanNode[] {
  const order: PlanNode[] = [];
  const done = new Set<string>();
  const waiting = [...plan].sort((a, b) => RANK[a.priority] - RANK[b.priority]);
  while (waiting.length > 0) {
    const index = waiting.findIndex((node) => node.dependsOn.every((name) => done.has(name)));
    const [node] = waiting.splice(index < 0 ? 0 : index, 1);
    if (!node) break;
    done.add(node.entity);
    order.push(node);
  }
  return order;
}
