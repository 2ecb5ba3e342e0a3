import type { CommandContext } from '../command-context';
import type { CommandResult } from '../envelope';
import { EXIT } from '../exit-code';
import { openProject } from '../project';
import { WORKER_READY } from '../worker-part';
import { requireWritable } from '../writable-folder';

/** `freshet worker`: carries runs until SIGINT or SIGTERM; running pages finish first. Says on stdout when it is ready. */
export async function worker({ out, flags }: CommandContext): Promise<CommandResult> {
  const project = openProject(flags, { level: 'settings' });
  const { settings } = project.loaded;
  requireWritable(settings.landing.path, 'landing.path');
  requireWritable(settings.reports.path, 'reports.path');
  const { runWorker } = await import('../../worker');
  let taskQueue = settings.temporal.task_queue;
  await runWorker(project, (queue) => {
    taskQueue = queue;
    if (!out.json) out.data(`${WORKER_READY} on ${queue}`);
  });
  return { exitCode: EXIT.good, data: { task_queue: taskQueue, ended: 'asked to stop' }, text: `worker on ${taskQueue} stopped` };
}
