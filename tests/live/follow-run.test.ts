import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { followRun } from '../../src/client/follow-run';
import { openDatabase, type Database } from '../../src/database/database';
import { testDatabase } from '../support/database';

const database = testDatabase();
const RUN = '202611220000-SYNC-00000001';
let direct: Database;
let line: Line;

/** The way to PostgreSQL, which can be cut and mended. */
class Line {
  readonly #sockets = new Set<Socket>();
  #server: Server | null = null;
  #port = 0;

  async open(): Promise<void> {
    const target = new URL(database.url);
    const server = createServer((socket) => {
      const other = connect(Number(target.port), target.hostname);
      for (const each of [socket, other]) this.#sockets.add(each.on('error', () => undefined));
      socket.pipe(other).pipe(socket);
    }).listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  async cut(): Promise<void> {
    const closed = once(this.#server!, 'close');
    this.#server!.close();
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
    await closed;
  }

  get url(): string {
    const url = new URL(database.url);
    url.port = String(this.#port);
    return url.href;
  }
}

beforeAll(async () => {
  direct = openDatabase({ url: database.url, poolSize: 2 });
  await direct.query(`insert into freshet.config (digest, body) values ('test', '{}')`);
});
beforeEach(async () => {
  await direct.query(`delete from freshet.run`);
  await direct.query(
    `insert into freshet.run (id, request_key, pipeline, lane, kind, environment, config_digest, state) values ($1, $1, 'p', 'sync', 'sync', 'test', 'test', 'running')`,
    [RUN],
  );
  line = new Line();
  await line.open();
});
afterEach(() => line.cut().catch(() => undefined));
afterAll(() => direct.close());

test('who follows a run sees its end although PostgreSQL was away meanwhile', async () => {
  const db = openDatabase({ url: line.url, poolSize: 1 });
  let shown = 0;
  const followed = followRun(db, { runId: RUN, show: () => void shown++, everyMs: 20 });
  while (shown === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  await line.cut();
  await direct.query(`update freshet.run set state = 'completed', completed_at = now(), report_path = '/r' where id = $1`, [RUN]);
  await line.open();
  expect(await followed).toBe('completed');
  await db.close();
});

test('where it stays away the error says that the run may be going on, and how to look again', async () => {
  const db = openDatabase({ url: line.url, poolSize: 1 });
  await line.cut();
  await expect(followRun(db, { runId: RUN, show: () => undefined, everyMs: 20, awayWithinMs: 200 })).rejects.toMatchObject({
    type: 'database_error',
    message: expect.stringContaining(`run ${RUN} may be going on`),
    next: [expect.objectContaining({ command: `./freshet follow ${RUN}` })],
  });
  await db.close();
});
