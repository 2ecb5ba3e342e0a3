import { openHome } from '../stack/home';
import { runningPart } from '../stack/part-record';
import type { Project } from './project';
import { STAND_IN_ADDRESSES } from './stand-ins';

/** The names of the parts of the stack that stand in for sources. */
export const sandboxParts = (): readonly string[] => Object.keys(STAND_IN_ADDRESSES);

/**
 * A project that reaches the sandbox of a `freshet up --sandbox` in another terminal, when the source's test environment is read and
 * no variable names another place. The secrets stay with the worker that `up` started.
 */
export function withRunningSandbox(project: Project): Project {
  const { settings, variables } = project.loaded;
  if (settings.source_environment !== 'test') return project;
  const home = openHome(settings.home);
  const facts = Object.entries(STAND_IN_ADDRESSES).flatMap(([part, address]) =>
    variables[address] === undefined ? Object.entries(runningPart(home, part)?.facts ?? {}) : [],
  );
  return { ...project, loaded: { ...project.loaded, variables: { ...variables, ...Object.fromEntries(facts) } } };
}
