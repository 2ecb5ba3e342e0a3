import { openHome } from '../stack/home';
import { runningPart } from '../stack/part-record';
import type { Project } from './project';

/** Parts of the stack that stand in for a source, and the variable that would name another place. */
const SANDBOXES = { sandbox: 'ZOHO_BOOKS_TEST_BASE_URL', 'sandbox-square': 'SQUARE_TEST_BASE_URL' } as const;

/** The names of the parts of the stack that stand in for sources. */
export const sandboxParts = (): readonly string[] => Object.keys(SANDBOXES);

/**
 * A project that reaches the sandbox of a `freshet up --sandbox` in another terminal, when the source's test environment is read and
 * no variable names another place. The secrets stay with the worker that `up` started.
 */
export function withRunningSandbox(project: Project): Project {
  const { settings, variables } = project.loaded;
  if (settings.source_environment !== 'test') return project;
  const home = openHome(settings.home);
  const facts = Object.entries(SANDBOXES).flatMap(([part, address]) =>
    variables[address] === undefined ? Object.entries(runningPart(home, part)?.facts ?? {}) : [],
  );
  return { ...project, loaded: { ...project.loaded, variables: { ...variables, ...Object.fromEntries(facts) } } };
}
