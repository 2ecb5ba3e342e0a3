import type { Connection, ConnectionOptions } from '@temporalio/client';
import { FreshetError } from '../domain/errors';

/** The namespace in which freshet works (contracts §1). */
const NAMESPACE = 'default';

/** Whether the server serves our namespace. The client is loaded on first use: most commands never need it. */
export async function temporalAnswers(options: ConnectionOptions): Promise<boolean> {
  return describeNamespace(options).then(
    () => true,
    () => false,
  );
}

/**
 * Checks a server that is not ours, connecting as Temporal's own variables and files say (TLS, API key).
 * Fails with `temporal-unreachable`.
 */
export async function checkTemporal(address: string): Promise<void> {
  try {
    const { loadClientConnectConfig } = await import('@temporalio/envconfig');
    await describeNamespace({ ...loadClientConnectConfig().connectionOptions, address });
  } catch (error) {
    throw new FreshetError('config_error', {
      code: 'temporal-unreachable',
      message: `TEMPORAL_ADDRESS is set, but the Temporal server at ${address} does not answer for namespace ${NAMESPACE}`,
      why: error instanceof Error ? error.message : String(error),
      remedy: 'Start that server or correct TEMPORAL_ADDRESS; without TEMPORAL_ADDRESS freshet starts a server of its own.',
      where: address,
      cause: error,
    });
  }
}

async function describeNamespace(options: ConnectionOptions): Promise<void> {
  const client = await import('@temporalio/client');
  let connection: Connection | undefined;
  try {
    connection = await client.Connection.connect({ ...options, connectTimeout: 5_000 });
    const { workflowService } = connection;
    await connection.withDeadline(Date.now() + 5_000, () => workflowService.describeNamespace({ namespace: NAMESPACE }));
  } finally {
    await connection?.close();
  }
}
