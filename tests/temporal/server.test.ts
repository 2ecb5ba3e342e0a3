import { Connection } from '@temporalio/client';
import { testDatabase } from '../support/database';
import { testTemporal } from '../support/temporal';

const database = testDatabase();

describe('the servers of a temporal test', () => {
  it('are a Temporal server that serves the namespace default, and a database beside it', async () => {
    const { address } = testTemporal();
    const connection = await Connection.connect({ address });
    try {
      const { namespaceInfo } = await connection.workflowService.describeNamespace({ namespace: 'default' });
      expect(namespaceInfo?.name).toBe('default');
    } finally {
      await connection.close();
    }
    expect(database.url).toContain(database.name);
  });
});
