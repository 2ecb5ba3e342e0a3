import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A place where PostgreSQL makes something durable: a COMMIT, or a writing statement outside a transaction, which commits by itself. */
export interface CommitPoint {
  /** From 1, over all connections. */
  readonly n: number;
  /** What the transaction said so far; the last one is `commit`, or the writing statement itself. */
  readonly statements: readonly string[];
}

/** `lose-answer`: it is committed, and nobody hears of it. `lose-request`: it never comes to PostgreSQL. The client sees the same. */
export type Fate = 'pass' | 'lose-answer' | 'lose-request';

export interface CommitProxy {
  /** The database's URL by way of the proxy. */
  readonly url: string;
  /** Asked at each commit point, in its moment. */
  fate: (point: CommitPoint) => Fate;
  close(): Promise<void>;
}

const COMMITS = /^\s*commit\b/i;
const WRITES = /^\s*(insert|update|delete|create|drop|with)\b/i;

/** Stands between a client and PostgreSQL, and loses what it is told to lose. Speaks no TLS. */
export async function commitProxy(databaseUrl: string): Promise<CommitProxy> {
  const { hostname, port } = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  const url = new URL(databaseUrl);
  let count = 0;
  const proxy: CommitProxy = {
    get url() {
      return url.href;
    },
    fate: () => 'pass',
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const socket of [client, upstream]) sockets.add(socket.setNoDelay(true).on('close', () => sockets.delete(socket)));
    carry(client, upstream, (statements) => proxy.fate({ n: ++count, statements }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return proxy;
}

function carry(client: Socket, upstream: Socket, fateOf: (statements: readonly string[]) => Fate): void {
  const cut = (): void => [client, upstream].forEach((socket) => socket.destroy());
  for (const socket of [client, upstream]) socket.on('error', cut).on('close', cut);
  const [fromServer, fromClient] = [frames(false), frames(true)];
  const pending: Buffer[] = [];
  let statements: readonly string[] = [];
  let [status, swallowing] = ['I', false];
  upstream.on('data', (chunk: Buffer) => {
    for (const frame of fromServer(chunk)) {
      // ReadyForQuery says whether a transaction is open.
      if (type(frame) === 'Z') status = String.fromCharCode(frame[5]!);
      if (!swallowing) client.write(frame);
      else if (type(frame) === 'Z') cut();
    }
  });
  client.on('data', (chunk: Buffer) => {
    for (const frame of fromClient(chunk)) {
      pending.push(frame);
      if ('QP'.includes(type(frame))) statements = [...(status === 'I' ? [] : statements), statementOf(frame)];
      // A request is whole with its Query or its Sync; first words, and the rows of a COPY, go on at once.
      if ('PBDEC'.includes(type(frame))) continue;
      const said = statements.at(-1) ?? '';
      const commits = 'QS'.includes(type(frame)) && (COMMITS.test(said) || (status === 'I' && WRITES.test(said)));
      const fate = commits ? fateOf(statements) : 'pass';
      if (fate === 'lose-request') return cut();
      swallowing ||= fate === 'lose-answer';
      upstream.write(Buffer.concat(pending.splice(0)));
    }
  });
}

/** Cuts a stream into messages: type, length, body. A client's first one has no type. */
function frames(fromClient: boolean): (chunk: Buffer) => Buffer[] {
  let [rest, untyped] = [Buffer.alloc(0) as Buffer, fromClient];
  return (chunk) => {
    const found: Buffer[] = [];
    for (rest = Buffer.concat([rest, chunk]); ; untyped = false) {
      const at = untyped ? 0 : 1;
      const length = rest.length < at + 4 ? Infinity : at + rest.readInt32BE(at);
      if (rest.length < length) return found;
      found.push(rest.subarray(0, length));
      rest = rest.subarray(length);
    }
  };
}

const type = (frame: Buffer): string => String.fromCharCode(frame[0]!);

function statementOf(frame: Buffer): string {
  const from = type(frame) === 'Q' ? 5 : frame.indexOf(0, 5) + 1;
  return frame.toString('utf8', from, frame.indexOf(0, from));
}
