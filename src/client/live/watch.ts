import { createLog, lowerLevel } from '../../observability/create-log';
import type { CommandContext } from '../command-context';
import type { Project } from '../project';
import { liveView, type LiveView } from './live-view';
import { lookOf } from './look';

/** The view of a command that follows runs. */
export interface Watch {
  readonly view: LiveView;
  /** Whoever reads stdout has seen the last picture on the same terminal, and did not ask for more: a summary is enough. */
  readonly told: boolean;
  /** The project, its log lines above the picture where there is one. */
  logging(project: Project): Project;
}

export function openView({ out, flags }: CommandContext): Watch {
  const verbose = flags.verbose ?? 0;
  const view = liveView({ out, stream: process.stderr, env: process.env, verbose: verbose > 0 });
  return {
    view,
    told: view.painted && process.stdout.isTTY === true && verbose === 0,
    logging: (project) => (view.painted ? { ...project, log: logAbove(view, verbose) } : project),
  };
}

function logAbove(view: LiveView, verbose: number): Project['log'] {
  const { colour } = lookOf(process.stderr, process.env);
  return createLog({ level: lowerLevel('warn', verbose), pretty: true, colour, destination: { write: (line) => view.note(line) } });
}
