import { isFreshetError } from '../domain/errors';
import { createHttpClient } from '../http/http-client';
import type { StageContext } from '../observability/stage-context';
import type { Reached } from './source-facts';

/** Status is asked when things are wrong: it must not wait for what does not answer. */
const ANSWER_WITHIN_MS = 2_000;
/** Nobody reads the answer. */
const MOST_BYTES = 1_048_576;

/** An answer came, and is not one to be read. */
const ANSWERED: ReadonlySet<string> = new Set(['answer-too-large', 'redirect-elsewhere', 'redirect-unreadable', 'redirect-loop']);

export const notAsked = (why: string): Reached => ({ reachable: null, ms: null, reach_error: why });

/**
 * Whether a source's server answers: one GET of its address without credentials, so that it costs no licence, token or quota. Any answer
 * will do, also a refusal: name, route, TLS and server are there. Never throws but for a defect; ends within two seconds.
 */
export async function probeSource(baseUrl: string, ctx: StageContext): Promise<Reached> {
  const limits = { connect: ANSWER_WITHIN_MS, headers: ANSWER_WITHIN_MS, body: ANSWER_WITHIN_MS, total: ANSWER_WITHIN_MS };
  const http = createHttpClient({ timeouts: limits });
  const started = performance.now();
  const passed = (): number => Math.round(performance.now() - started);
  try {
    await http.request({ method: 'GET', url: baseUrl, maxBytes: MOST_BYTES }, ctx);
    return { reachable: true, ms: passed(), reach_error: null };
  } catch (error) {
    if (!isFreshetError(error)) throw error;
    // It answered, with something that is not looked at here.
    if (ANSWERED.has(error.code)) return { reachable: true, ms: passed(), reach_error: null };
    return { reachable: false, ms: passed(), reach_error: error.message };
  } finally {
    await http.close();
  }
}
