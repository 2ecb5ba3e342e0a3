import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createRawServer, type AddressInfo, type Server, type Socket } from 'node:net';

export interface TestServer {
  readonly url: string;
  close(): Promise<void>;
}

export interface AnswerServer extends TestServer {
  /** What came in, in order. */
  readonly requests: IncomingMessage[];
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** An HTTP server on loopback that answers as told and remembers what it was asked. */
export async function startAnswerServer(answer: RequestListener): Promise<AnswerServer> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    request.resume();
    answer(request, response);
  });
  const port = await listening(server);
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${port}`, requests, close };
}

/** A TCP server that does what it is told with each connection: for answers that no HTTP library would send. */
export async function startRawAnswerServer(serve: (socket: Socket) => void): Promise<TestServer & { readonly port: number }> {
  const sockets = new Set<Socket>();
  const server = createRawServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    serve(socket);
  });
  const port = await listening(server);
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  return { url: `http://127.0.0.1:${port}`, port, close };
}

/** Sends these bytes as soon as a request came, then ends the connection. */
export function sayAndHangUp(bytes: string | Buffer): (socket: Socket) => void {
  return (socket) => socket.once('data', () => socket.end(bytes));
}

/** The settled error of something that must fail. */
export async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    (value) => {
      throw new Error(`expected a failure, got ${JSON.stringify(value)}`);
    },
    (error: unknown) => error,
  );
}
