import { MARK_NAMES } from '../../workflows/marks';
import type { TemporalLink } from './connect-temporal';

const ANSWER_WITHIN_MS = 5_000;

/** Whether the server knows the search attributes of runs. False too where it does not say: a run without them is a run. */
export async function marksKnown({ client, namespace }: TemporalLink): Promise<boolean> {
  try {
    const { customAttributes } = await client.withDeadline(Date.now() + ANSWER_WITHIN_MS, () =>
      client.connection.operatorService.listSearchAttributes({ namespace }),
    );
    return MARK_NAMES.every((name) => Object.hasOwn(customAttributes ?? {}, name));
  } catch {
    // An older server, or one where we may not ask.
    return false;
  }
}
