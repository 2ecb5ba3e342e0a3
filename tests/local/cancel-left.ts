import type { Database } from '../../src/database/database';
import { documentOf, freshet } from '../cli/in-process';

/** What the owner of a lane is left with after a death: who finds it a minute later cancels it. */
export async function cancelLeft(db: Database): Promise<void> {
  const left = await db.query<{ id: string }>(
    `update freshet.run set created_at = created_at - interval '2 minutes', progress_at = progress_at - interval '2 minutes'
      where state in ('starting', 'running') returning id`,
  );
  await db.query(`update freshet.run_entity set progress_at = progress_at - interval '2 minutes' where run_id = any ($1)`, [
    left.map(({ id }) => id),
  ]);
  for (const { id } of left) expect(documentOf(await freshet('cancel', id, '--json'))).toMatchObject({ data: { outcome: 'ended' } });
}
