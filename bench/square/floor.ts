import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

/** What a process of the bench is told of the stand-in. */
export interface Place {
  readonly baseUrl: string;
  readonly accessToken: string;
  readonly folder: string;
  readonly databaseUrl: string;
}

/** What somebody without freshet writes: the pages of all orders, one after the other, each into a file. */
async function fetchAll({ baseUrl, accessToken, folder }: Place): Promise<{ seconds: number; records: number }> {
  const headers = { authorization: `Bearer ${accessToken}`, 'square-version': '2025-08-20', 'content-type': 'application/json' };
  const answerOf = async (path: string, body?: unknown): Promise<string> => {
    const request = body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) };
    let answer = await fetch(`${baseUrl}${path}`, request);
    // Of a million orders there are more pages than calls in a minute.
    for (; answer.status === 429; answer = await fetch(`${baseUrl}${path}`, request)) await setTimeout(1_000);
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.text();
  };
  const began = performance.now();
  const { locations } = JSON.parse(await answerOf('/v2/locations')) as { locations: { id: string }[] };
  const sort = { sort_field: 'UPDATED_AT', sort_order: 'ASC' };
  let [cursor, page, records]: [string | undefined, number, number] = [undefined, 0, 0];
  do {
    const question = {
      location_ids: locations.map(({ id }) => id),
      limit: 1000,
      query: { sort },
      ...(cursor === undefined ? {} : { cursor }),
    };
    const text = await answerOf('/v2/orders/search', question);
    writeFileSync(join(folder, `page-${(page += 1)}.json`), text);
    const answer = JSON.parse(text) as { orders?: unknown[]; cursor?: string };
    records += answer.orders?.length ?? 0;
    cursor = answer.cursor;
  } while (cursor !== undefined);
  return { seconds: (performance.now() - began) / 1000, records };
}

const place = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Place;
// Once to warm up, as the extraction beside it.
fetchAll(place)
  .then(() => fetchAll(place))
  .then((measured) => process.stdout.write(JSON.stringify({ ...measured, rss_mb: Math.round(process.resourceUsage().maxRSS / 1024) })))
  .catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exitCode = 1;
  });
