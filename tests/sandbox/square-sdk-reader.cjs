// node square-sdk-reader.cjs '{"baseUrl":…,"token":…,"locationIds":[…],"beginTime":…}': reads a stand-in with Square's own SDK and prints what it saw as JSON.
// A process of its own, because jest needs half a minute for the SDK's 3,600 files and Node two seconds; and it shares nothing with the sandbox.
const { SquareClient } = require('square');

async function all(pages) {
  const found = [];
  for await (const one of pages) found.push(one);
  return found;
}

async function orders(client, locationIds) {
  const found = [];
  for (let cursor; ;) {
    const query = { sort: { sortField: 'UPDATED_AT', sortOrder: 'ASC' } };
    const answer = await client.orders.search({ locationIds, limit: 150, query, ...(cursor && { cursor }) });
    found.push(...(answer.orders ?? []));
    cursor = answer.cursor;
    if (cursor === undefined) return found;
  }
}

async function read({ baseUrl, token, locationIds, beginTime }) {
  const client = new SquareClient({ token, baseUrl, maxRetries: 0 });
  const stranger = new SquareClient({ token: 'stranger', baseUrl, maxRetries: 0 });
  return {
    orders: [...(await orders(client, locationIds.slice(0, 10))), ...(await orders(client, locationIds.slice(10)))],
    objects: await all(await client.catalog.list({ types: 'ITEM,CATEGORY,ITEM_VARIATION' })),
    changed: await client.catalog.search({ objectTypes: ['ITEM', 'CATEGORY'], includeDeletedObjects: true, beginTime }),
    locations: (await client.locations.list()).locations,
    counts: await all(await client.inventory.batchGetCounts({ limit: 500 })),
    refused: await stranger.locations.list().catch(({ statusCode, errors }) => ({ statusCode, errors })),
  };
}

// The SDK reads amounts and versions as big integers.
read(JSON.parse(process.argv[2])).then((seen) =>
  process.stdout.write(JSON.stringify(seen, (_key, value) => (typeof value === 'bigint' ? String(value) : value))),
);
