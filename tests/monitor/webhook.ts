import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Posted {
  readonly key: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A real HTTP server that keeps what is posted to it. */
export interface Webhook {
  readonly url: string;
  /** What it answers with; 200 at first. */
  status: number;
  /** What came from an environment, in order. */
  of(environment: string): Posted[];
  /** The same in short: `raised stale-table`. */
  told(environment: string): string[];
  close(): void;
}

export async function startWebhook(): Promise<Webhook> {
  const posted: Posted[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (part: string) => (text += part));
    request.on('end', () => {
      posted.push({ key: String(request.headers['idempotency-key']), body: JSON.parse(text) as Posted['body'] });
      response.writeHead(webhook.status).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const of = (environment: string): Posted[] => posted.filter(({ body }) => body['environment'] === environment);
  const webhook: Webhook = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook/secret`,
    status: 200,
    of,
    told: (environment) => of(environment).map(({ body }) => `${String(body['kind'])} ${String(body['class'])}`),
    close: () => void server.close(),
  };
  return webhook;
}
