import { startLegacy4dSandbox } from '../../src/sandbox/legacy-4d';
import type { Legacy4dOptions, Legacy4dSandbox } from '../../src/sandbox/legacy-4d';
import { RestClient } from './legacy-4d-client';

const open = new Set<Legacy4dSandbox>();

/** Frozen unless the test says otherwise; closed by `closeSandboxes`. */
export async function sandbox(options: Partial<Legacy4dOptions> = {}): Promise<Legacy4dSandbox> {
  const started = await startLegacy4dSandbox({ seed: 7, freeze: true, ...options });
  open.add(started);
  return started;
}

export async function closeSandboxes(): Promise<void> {
  await Promise.all([...open].map((started) => started.close()));
  open.clear();
}

/** A sandbox and a client that is logged in. */
export async function reading(options: Partial<Legacy4dOptions> = {}): Promise<Legacy4dSandbox & { readonly client: RestClient }> {
  const started = await sandbox(options);
  const client = new RestClient(started);
  if (options.generation === 'force-login') await client.authentify();
  else await client.login();
  return { ...started, client };
}
