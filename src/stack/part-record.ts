import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StackHome } from './home';
import { identify, isAlive, stopGroup } from './process-identity';
import type { ProcessIdentity } from './process-identity';

/** What is written about a running part, so that a later start can find it or clear it away. Addresses only, never secrets. */
export interface PartRecord {
  readonly name: string;
  readonly part: ProcessIdentity;
  readonly supervisor: ProcessIdentity;
  readonly stopSignal: NodeJS.Signals;
  /** Facts for who reuses the part: `{ address, uiAddress }`. */
  readonly facts: Readonly<Record<string, string>>;
}

/** Writes the record of a part that was just started by this process; undefined when the part is gone already. */
export function recordPart(home: StackHome, part: Omit<PartRecord, 'part' | 'supervisor'> & { pid: number }): string | undefined {
  const { pid, ...rest } = part;
  const [child, supervisor] = [identify(pid), identify(process.pid)];
  if (child === undefined || supervisor === undefined) return undefined;
  const file = join(home.parts, `${part.name}-${pid}.json`);
  // Renamed into place: another freshet that sweeps right now must never take a half-written record for a broken one.
  writeFileSync(`${file}.new`, JSON.stringify({ ...rest, part: child, supervisor } satisfies PartRecord), { mode: 0o644 });
  renameSync(`${file}.new`, file);
  return file;
}

/** The running part of this name whose supervisor lives too: another freshet keeps it, we may use it. */
export function runningPart(home: StackHome, name: string): PartRecord | undefined {
  return readRecords(home)
    .map(({ record }) => record)
    .find((record) => record?.name === name && isAlive(record.part) && isAlive(record.supervisor));
}

/** Stops parts whose supervisor died without stopping them, and removes records of parts that are gone. Returns the names stopped. */
export async function sweepLeftovers(home: StackHome): Promise<string[]> {
  const stopped: string[] = [];
  for (const { file, record } of readRecords(home)) {
    if (record !== undefined && isAlive(record.part)) {
      if (isAlive(record.supervisor)) continue;
      await stopGroup(record.part, { signal: record.stopSignal, withinMs: 10_000 });
      stopped.push(record.name);
    }
    rmSync(file, { force: true });
  }
  return stopped;
}

function readRecords(home: StackHome): { file: string; record: PartRecord | undefined }[] {
  return readdirSync(home.parts)
    .filter((name) => name.endsWith('.json'))
    .map((name) => {
      const file = join(home.parts, name);
      return { file, record: parseRecord(file) };
    });
}

/** A half-written record (power loss) names nothing that could be stopped safely; it counts as absent. */
function parseRecord(file: string): PartRecord | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as PartRecord;
  } catch {
    return undefined;
  }
}
