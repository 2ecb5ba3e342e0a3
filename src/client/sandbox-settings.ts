import { openHome } from '../stack/home';
import { runningPart } from '../stack/part-record';
import type { Project } from './project';
import { secretsOf, STAND_IN_ADDRESSES } from './stand-ins';
import { keptCredentials } from './steady-place';

/** The names of the parts of the stack that stand in for sources. */
export const sandboxParts = (): readonly string[] => Object.keys(STAND_IN_ADDRESSES);

/**
 * A project that reaches the sandbox of a `freshet up --sandbox` in another terminal, when the source's test environment is read and
 * no variable names another place. `asksItself`: this process reads the source, so it needs the sandbox's secrets too; else they stay with the
 * worker that `up` started.
 */
export function withRunningSandbox(project: Project, { asksItself = false }: { readonly asksItself?: boolean } = {}): Project {
  const { settings, variables } = project.loaded;
  if (settings.source_environment !== 'test') return project;
  const home = openHome(settings.home);
  const found = Object.entries(STAND_IN_ADDRESSES).flatMap(([part, address]) => {
    const facts = variables[address] === undefined ? runningPart(home, part)?.facts : undefined;
    const credentials = facts !== undefined && asksItself ? keptCredentials(home.root, part) : null;
    return [facts ?? {}, credentials === null ? {} : secretsOf(part, credentials)];
  });
  return { ...project, loaded: { ...project.loaded, variables: Object.assign({}, variables, ...found) as typeof variables } };
}
