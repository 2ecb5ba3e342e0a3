import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder of pipeline files under names of their own: all test files share one Temporal server. */
export interface Pipelines {
  readonly root: string;
  /** Writes a pipeline of zoho-books with this schedule (YAML; `''`: none) and a table of its own. Returns its name. */
  write(schedule: string, name?: string, entity?: string, from?: string): string;
  remove(name: string): void;
  /** Removes all files; `names` still knows them. */
  clear(): void;
  /** Everything that was ever written here. */
  names(): string[];
  close(): void;
}

export function pipelinesFolder(): Pipelines {
  const root = mkdtempSync(join(tmpdir(), 'freshet-schedules-'));
  const folder = join(root, 'config', 'pipelines');
  mkdirSync(folder, { recursive: true });
  const written = new Set<string>();
  const file = (name: string): string => join(folder, `${name}.yaml`);
  return {
    root,
    write(schedule, name = `p-${randomBytes(5).toString('hex')}`, entity = `items-${name}`, from = 'items') {
      written.add(name);
      const line = schedule === '' ? '' : `schedule: ${schedule}\n`;
      writeFileSync(file(name), `name: ${name}\nsource: zoho-books\n${line}entities:\n  ${entity}: { from: ${from} }\n`);
      return name;
    },
    remove: (name) => rmSync(file(name)),
    clear: () => written.forEach((name) => rmSync(file(name), { force: true })),
    names: () => [...written],
    close: () => rmSync(root, { recursive: true, force: true }),
  };
}
