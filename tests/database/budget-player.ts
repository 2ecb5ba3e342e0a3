import { request } from 'node:http';
import { ApiBudget } from '../../src/database/api-budget';
import { openDatabase } from '../../src/database/database';
import { systemClock } from '../../src/http/clock';
import { sharedLimiter } from '../../src/sources/limiters';
import { testContext } from '../support/test-context';

/** A process that sends requests as fast as its account lets it, eight at once, until it is ended. */
async function main([url = '', server = '', limit = '']: readonly string[]): Promise<void> {
  const db = openDatabase({ url, poolSize: 2 });
  const limits = { requestsPerMinute: Number(limit), concurrent: 8 };
  const limiter = sharedLimiter(systemClock, { key: 'players', name: 'the stand-in', limits }, new ApiBudget(db));
  const ctx = testContext();
  const note = { what: 'GET the stand-in', status: (status: number) => status };
  const lane = async (): Promise<void> => {
    for (;;) await limiter.run(ctx, () => get(server), note);
  };
  await Promise.all(Array.from({ length: 8 }, lane));
}

function get(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}?${process.pid}`, { agent: false }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
    });
    sent.on('error', reject).end();
  });
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
