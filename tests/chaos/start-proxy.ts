import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** Stands between a client and Temporal; loses the next answer or the next request. */
export interface StartProxy {
  /** `host:port` */
  readonly address: string;
  /** From now on requests pass and answers do not, until `arrived` resolves; then every connection is cut, and the next ones are whole. */
  loseAnswers(arrived: () => Promise<void>): void;
  /** With the next words of the client every connection is cut; they do not get through. */
  loseRequest(): void;
  /** How often something was lost. */
  readonly lost: number;
  close(): Promise<void>;
}

export async function startProxy(address: string): Promise<StartProxy> {
  const [host, port] = address.split(':') as [string, string];
  const sockets = new Set<Socket>();
  const state = { losing: 'nothing' as 'nothing' | 'answers' | 'request', lost: 0 };
  const cutAll = (): void => {
    if (state.losing !== 'nothing') state.lost += 1;
    state.losing = 'nothing';
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer((client) => {
    const upstream = connect(Number(port), host);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy()).on('close', () => (other.destroy(), sockets.delete(socket)));
    }
    client.on('data', (chunk: Buffer) => (state.losing === 'request' ? cutAll() : upstream.write(chunk)));
    upstream.on('data', (chunk: Buffer) => state.losing !== 'answers' && client.write(chunk));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    get lost() {
      return state.lost;
    },
    loseAnswers(arrived) {
      state.losing = 'answers';
      void arrived().finally(cutAll);
    },
    loseRequest: () => void (state.losing = 'request'),
    close: () => {
      cutAll();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
