import { openHome } from '../stack/home';
import { runningPart } from '../stack/part-record';
import type { Project } from './project';

/**
 * A project that reaches the sandbox of a `freshet up --sandbox` in another terminal, when the source's test environment is read and
 * no variable names another place. The secrets stay with the worker that `up` started.
 */
export function withRunningSandbox(project: Project): Project {
  const { settings, variables } = project.loaded;
  if (settings.source_environment !== 'test' || variables['ZOHO_BOOKS_TEST_BASE_URL'] !== undefined) return project;
  const facts = runningPart(openHome(settings.home), 'sandbox')?.facts;
  return facts === undefined ? project : { ...project, loaded: { ...project.loaded, variables: { ...variables, ...facts } } };
}
