import { Client, Connection, defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { Settings } from '../../config/schema/settings';
import { FreshetError } from '../../domain/errors';
import { lateRetry } from './late-retry';

/** A connection to Temporal that answered, with the place where our runs live on it. */
export interface TemporalLink {
  readonly client: Client;
  readonly namespace: string;
  readonly taskQueue: string;
  readonly address: string;
  close(): Promise<void>;
}

/** How long Temporal may take to answer before it counts as unreachable. */
const ANSWER_WITHIN_MS = 5_000;

/** Address, TLS and keys: the settings' address over Temporal's own variables and profile file. */
export function temporalOptions(
  settings: Settings['temporal'],
): ReturnType<typeof loadClientConnectConfig>['connectionOptions'] & { readonly address: string } {
  const { connectionOptions } = loadClientConnectConfig();
  return { ...connectionOptions, address: settings.address ?? connectionOptions.address ?? '127.0.0.1:7233' };
}

/** Connects and asks for the namespace, within 5 s or what is given. Errors: `transient_error` code `temporal-unreachable`, `config_error` code `temporal-refused`. */
export async function connectTemporal(settings: Settings['temporal'], withinMs: number = ANSWER_WITHIN_MS): Promise<TemporalLink> {
  const options = temporalOptions(settings);
  const { address } = options;
  const { namespace, task_queue: taskQueue } = settings;
  // Lazy, so that a connection that never came about can be closed: `Connection.connect` keeps its socket to itself when it fails.
  const interceptors = [makeGrpcRetryInterceptor(defaultGrpcRetryOptions()), lateRetry];
  const connection = Connection.lazy({ ...options, interceptors, connectTimeout: withinMs });
  const { workflowService } = connection;
  try {
    await connection.ensureConnected();
    await connection.withDeadline(Date.now() + withinMs, () => workflowService.describeNamespace({ namespace }));
  } catch (error) {
    await connection.close();
    throw temporalError(error, { address, namespace });
  }
  return { client: new Client({ connection, namespace }), namespace, taskQueue, address, close: () => connection.close() };
}

/** gRPC codes by which a server says that what we ask for is wrong: namespace unknown, no permission, no login. */
const REFUSALS: ReadonlySet<unknown> = new Set([3, 5, 7, 16]);

/** What failed on the way to Temporal, and what to do. */
export function temporalError(cause: unknown, place: { readonly address: string; readonly namespace: string }): FreshetError {
  const why = cause instanceof Error ? cause.message : String(cause);
  if (REFUSALS.has(grpcCode(cause))) {
    return new FreshetError('config_error', {
      code: 'temporal-refused',
      message: `Temporal at ${place.address} refused namespace ${place.namespace}`,
      why,
      remedy: 'Correct temporal.namespace, or the TLS files and API key in Temporal’s variables (TEMPORAL_*) or profile file.',
      where: place.address,
      cause,
    });
  }
  return new FreshetError('transient_error', {
    code: 'temporal-unreachable',
    message: `Temporal does not answer at ${place.address}`,
    why,
    remedy: 'Start that server, or correct TEMPORAL_ADDRESS; without it, `./freshet up` starts one and everything else. Nothing was begun.',
    where: place.address,
    next: [{ kind: 'run-command', label: 'Start the embedded stack', command: './freshet up' }],
    cause,
  });
}

/** The gRPC code in an error or in what caused it. */
export function grpcCode(error: unknown): number | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { code } = at as Error & { code?: unknown };
    if (typeof code === 'number') return code;
  }
  return undefined;
}
