import { once } from 'node:events';
import { keepMonitoring } from '../../monitor/keep-monitoring';
import { monitorRound } from '../../monitor/monitor';
import { projectMonitor } from '../../monitor/project-monitor';
import type { CommandContext } from '../command-context';
import type { CommandResult } from '../envelope';
import { EXIT } from '../exit-code';
import { onInterrupt } from '../interrupt';
import { MONITOR_READY } from '../monitor-part';
import { openForWriting } from '../open-database';
import { commandContext, openProject } from '../project';

/** `freshet monitor`: heals runs and raises alarms until SIGINT or SIGTERM; needs PostgreSQL only. Says on stdout when it is at work. */
export async function monitor({ out, flags }: CommandContext): Promise<CommandResult> {
  const project = openProject(flags, { level: 'settings' });
  const { environment, monitor: pace } = project.loaded.settings;
  const interrupt = onInterrupt();
  const db = await openForWriting(project);
  const ctx = commandContext(project);
  const monitoring = projectMonitor(project, db, ctx);
  try {
    const end = keepMonitoring(() => monitorRound(monitoring.deps, monitoring.options), pace.every, ctx);
    ctx.log('MO-006', { environment, seconds: pace.every / 1000 });
    if (!out.json) out.data(`${MONITOR_READY} over ${environment}`);
    if (!interrupt.signal.aborted) await once(interrupt.signal, 'abort');
    await end();
  } finally {
    await monitoring.close();
    await db.close();
    interrupt.release();
  }
  return { exitCode: EXIT.good, data: { environment, ended: 'asked to stop' }, text: `monitor over ${environment} stopped` };
}
