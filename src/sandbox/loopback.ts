import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';

const BODY_LIMIT = 4 * 1024 * 1024;

/** The HTTP server under a stand-in: listens on loopback, ends at once, keeps time for answers that come late. */
export class Loopback {
  readonly #server: Server;
  readonly #timers = new Set<NodeJS.Timeout>();
  #closed = false;

  constructor(handle: (incoming: IncomingMessage, response: ServerResponse) => Promise<void>) {
    this.#server = createServer((incoming, response) => {
      handle(incoming, response).catch((error: unknown) => failed(response, error));
    });
    this.#server.keepAliveTimeout = 65_000;
  }

  /** Listens; resolves with the port. */
  listen(port: number, host: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        const address = this.#server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : port);
      });
    });
  }

  /** Ends at once, also requests that hang on purpose. */
  close(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  /** Real milliseconds; never ends once the server is closed. */
  wait(millis: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        resolve();
      }, millis);
      this.#timers.add(timer);
    });
  }
}

/** A hook that throws or a body too large is the test's own mistake: say so instead of pretending to be the outside system. */
function failed(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(500, { 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' });
  response.end(`the sandbox failed: ${error instanceof Error ? error.message : String(error)}`);
}

/** The whole body of a request as text. */
export async function bodyOf(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_LIMIT) throw new RangeError('request body too large for the sandbox');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
