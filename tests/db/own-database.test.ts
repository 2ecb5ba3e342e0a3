import { withConnection } from '../../src/stack/postgres-connection';
import { testDatabase } from '../support/database';

const database = testDatabase();

describe('the database of a test file', () => {
  it('is its own, empty of other files, and sorts by code point', async () => {
    const row = await withConnection(database.url, async (client) => {
      const answer = await client.query<{ name: string; ordered: boolean; zone: string }>(
        `select current_database() as name, 'Z' < 'a' and 'z' < 'ä' as ordered, current_setting('TimeZone') as zone`,
      );
      return answer.rows[0];
    });
    expect(row).toEqual({ name: database.name, ordered: true, zone: 'UTC' });
  });
});
