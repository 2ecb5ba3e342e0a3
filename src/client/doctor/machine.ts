import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { obstacleTo } from '../writable-folder';
import { fine, type Check, type Finding, type Patient } from './check';

const LEAST_NODE = [20, 19] as const;

/** Node's version against what freshet needs. */
export function judgeNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1])) return fine(`Node ${version}`);
  return {
    verdict: 'problem',
    message: `Node ${version} is too old: freshet needs ${LEAST_NODE.join('.')} or later`,
    remedy: 'Install a newer Node, then start freshet again.',
    next: [{ kind: 'open-url', label: 'Where Node comes from', url: 'https://nodejs.org' }],
  };
}

const GIB = 1024 ** 3;
const LITTLE = 2 * GIB;
const TOO_LITTLE = GIB / 2;

/** Free bytes on the disk of a folder. */
export function judgeSpace(name: string, folder: string, free: number): Finding {
  const said = `${(free / GIB).toFixed(1)} GiB free for ${name} (${folder})`;
  if (free >= LITTLE) return fine(said);
  return {
    verdict: free < TOO_LITTLE ? 'problem' : 'warning',
    message: `only ${said}`,
    remedy: `Make room there, or set ${name} to a folder on a larger disk. A full disk stops runs; what is stored stays whole.`,
  };
}

const folders = ({ loaded: { settings } }: Patient): readonly (readonly [name: string, folder: string])[] => [
  ['landing.path', settings.landing.path],
  ['reports.path', settings.reports.path],
];

/** A folder that is not there yet will lie on the disk of the nearest one above it. */
function existing(folder: string): string {
  let nearest = folder;
  while (!existsSync(nearest) && dirname(nearest) !== nearest) nearest = dirname(nearest);
  return nearest;
}

export const node: Check = { name: 'node', look: () => judgeNode(process.versions.node) };

export const disk: Check = {
  name: 'disk',
  look: (patient) =>
    Promise.all(
      folders(patient).map(async ([name, folder]) => {
        const { bavail, bsize } = await statfs(existing(folder));
        return judgeSpace(name, folder, bavail * bsize);
      }),
    ),
};

/** Each folder by itself: one that is right says nothing about the next. Reports lie in a folder of their own below `reports.path`. */
export function judgeFolders(all: readonly (readonly [name: string, folder: string])[]): Finding[] {
  const findings = all.flatMap(([name, folder]): Finding[] => {
    const obstacle = obstacleTo(name === 'reports.path' ? join(folder, 'sync') : folder, name);
    if (obstacle === null) return [];
    const message = `nothing can be written to ${folder} (setting ${name}): ${obstacle.at} ${obstacle.why}`;
    return [{ verdict: 'problem', message, remedy: obstacle.remedy }];
  });
  return findings.length > 0 ? findings : [fine('home, landing and reports are writable')];
}

export const writable: Check = {
  name: 'folders',
  look: (patient) => judgeFolders([['home', patient.loaded.settings.home], ...folders(patient)]),
};
