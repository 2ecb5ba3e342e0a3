import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { deliver, type Wire } from '../../../src/sandbox/delivery';

export interface Thing {
  readonly id: string;
  readonly changed: number;
  readonly name: string;
}

export const TOY_KEY = 'canary-toy-key';

/** A service that lists things by id, counts its changes, and deletes without a trace. */
export class ToyServer {
  readonly things = new Map<string, Thing>();
  key = TOY_KEY;
  fault: { readonly kind: string; times: number } | null = null;
  asked = 0;
  #changes = 0;
  readonly #server = createServer((request, response) =>
    this.#answer(new URL(String(request.url), 'http://toy'), request.headers, response),
  );

  async start(things: number): Promise<string> {
    for (let n = 1; n <= things; n++) this.put(`t${String(n).padStart(4, '0')}`, `thing ${n}`);
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  put(id: string, name: string): void {
    this.#changes += 1;
    this.things.set(id, { id, changed: this.#changes, name });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  #answer(url: URL, headers: NodeJS.Dict<string | string[]>, response: ServerResponse): void {
    const [, , id] = url.pathname.split('/');
    if (id === undefined) this.asked += 1;
    const strikes = id === undefined ? this.#strike() : undefined;
    if (strikes === 'hang') return;
    if (strikes === 'reset') response.socket?.resetAndDestroy();
    else if (headers['x-key'] !== this.key) deliver(response, said(401, { error: 'key' }));
    else
      deliver(response, INSTEAD[strikes ?? ''] ?? this.#data(url, id), strikes === undefined ? undefined : { fault: strikes, delayMs: 0 });
  }

  #strike(): string | undefined {
    if (this.fault === null || this.fault.times <= 0) return undefined;
    this.fault.times -= 1;
    return this.fault.kind;
  }

  #data(url: URL, id: string | undefined): Wire {
    if (id !== undefined) {
      const thing = this.things.get(id);
      return thing === undefined ? said(404, { error: 'gone' }) : said(200, { thing });
    }
    const [after, since, limit] = ['after', 'since', 'limit'].map((name) => url.searchParams.get(name));
    const sorted = [...this.things.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    const left = sorted.filter(
      (thing) => thing.changed >= Number(since ?? 0) && (this.fault?.kind === 'samePage' || thing.id > (after ?? '')),
    );
    const things = left.slice(0, Number(limit));
    return said(200, { things, more: left.length > things.length, counter: this.#changes });
  }
}

const said = (status: number, body: object): Wire => ({ status, body: JSON.stringify(body) });

const INSTEAD: Readonly<Record<string, Wire>> = {
  unavailable: said(503, { error: 'later' }),
  html: { status: 200, body: '<html>maintenance</html>', contentType: 'text/html' },
  wrongEnvelope: said(200, { data: [] }),
  redirectLoop: { status: 302, body: '', headers: { Location: '/things' } },
};
