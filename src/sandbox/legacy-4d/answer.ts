import { jsonText } from '../json-text';
import type { JsonObject } from '../json-text';
import { RestError } from './rest-error';

/** What goes back over the wire, before faults damage it. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Of `__ERROR`, for the request log. */
  readonly errCode?: number;
  /** Keys that a list answer shows, in order. */
  readonly keys?: readonly string[];
}

export function jsonAnswer(status: number, body: JsonObject): Answer {
  return { status, body: jsonText(body) };
}

/** `[{"message":…,"componentSignature":"dbmg","errCode":1802}]`, worded as 4D words it. */
export function errorText(errCode: number, message: string): string {
  const text = `Error code: ${errCode}\n${message}\ncomponent:  'dbmg'\ntask 22, name: 'HTTP connection handler'\n`;
  return jsonText([{ message: text, componentSignature: 'dbmg', errCode }]);
}

export function errorAnswer(status: number, errCode: number, message: string): Answer {
  return { status, errCode, body: `{"__ERROR":${errorText(errCode, message)}}` };
}

/** The answer, or the `__ERROR` that came instead. */
export function answered(make: () => Answer): Answer {
  try {
    return make();
  } catch (error) {
    if (error instanceof RestError) return errorAnswer(error.status, error.errCode, error.message);
    throw error;
  }
}
