import type { ConnectionOptions } from '@temporalio/client';

type Interceptor = NonNullable<ConnectionOptions['interceptors']>[number];
type Call = ReturnType<Interceptor>;

/** gRPC: the caller has gone. */
const CANCELLED = 1;

/**
 * Temporal's client tries failed calls again after a pause, and does not hear that its connection was closed meanwhile: the call that it then
 * makes throws out of a timer, which ends the process. Behind the retries, such a call is a cancelled one.
 */
export const lateRetry: Interceptor = (options, nextCall) => {
  try {
    return nextCall(options) as Call;
  } catch {
    return neverMade as unknown as Call;
  }
};

const nothing = (): void => undefined;

const neverMade = {
  start(metadata: unknown, listener?: { onReceiveStatus?: (status: object) => void }): void {
    listener?.onReceiveStatus?.({ code: CANCELLED, details: 'the connection was closed', metadata });
  },
  getPeer: (): string => '',
  cancelWithStatus: nothing,
  sendMessage: nothing,
  sendMessageWithContext: nothing,
  startRead: nothing,
  halfClose: nothing,
  setCredentials: nothing,
  getAuthContext: (): null => null,
};
