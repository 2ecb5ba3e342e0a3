import { ApplicationFailure } from '@temporalio/common';

const LONGEST_ANSWER = 256 * 1024;

/** Ids, keys and counts go through Temporal, never records: an answer that is too large for it is refused by the name of its activity. */
export function checkSize<T>(activity: string, answer: T): T {
  const bytes = Buffer.byteLength(JSON.stringify(answer) ?? '');
  if (bytes <= LONGEST_ANSWER) return answer;
  const message = `Activity ${activity} answered with ${bytes} bytes; at most ${LONGEST_ANSWER} go through Temporal`;
  throw ApplicationFailure.create({
    type: 'validation_error',
    nonRetryable: true,
    message,
    details: [{ code: 'answer-too-large', message, remedy: 'Report this with the log of the run: it is a mistake in freshet.' }],
  });
}
