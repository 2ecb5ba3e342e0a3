import type { ServerResponse } from 'node:http';
import type { Answer } from './answer';
import { cutInHalf, damaged } from './faults';

const DRIP_MS = 100;
/** Bytes by which a wrong length is wrong. */
const OFF = 64;

/** Of an answer, what goes over the wire. */
export type Wire = Pick<Answer, 'status' | 'body' | 'contentType' | 'headers'>;

/** The damage done to an answer on its way. */
export interface Damage {
  readonly fault: string;
  /** Rest after each byte of fault `drip`. */
  readonly delayMs?: number;
}

/** Puts an answer on the wire; a fault decides how much of it, how fast, and under which length. */
export function deliver(response: ServerResponse, answer: Wire, rule?: Damage): void {
  const bytes = damaged(rule?.fault, answer.body);
  response.writeHead(answer.status, {
    'Content-Type': answer.contentType ?? 'application/json;charset=UTF-8',
    'Content-Length': saidLength(bytes.length, rule),
    ...(rule?.fault === 'gzipCut' && { 'Content-Encoding': 'gzip' }),
    ...answer.headers,
  });
  switch (rule?.fault) {
    case 'resetMidBody':
      response.write(cutInHalf(bytes), () => response.socket?.resetAndDestroy());
      return;
    case 'lengthTooLong':
      response.write(bytes, () => response.socket?.end());
      return;
    case 'stall':
      response.write(cutInHalf(bytes));
      return;
    case 'drip':
      drip(response, bytes, rule.delayMs ?? DRIP_MS);
      return;
    default:
      response.end(bytes);
  }
}

function saidLength(length: number, rule: Damage | undefined): number {
  if (rule?.fault === 'lengthTooLong') return length + OFF;
  // Shorter answers keep a byte: a length of nothing would hide the damage.
  return rule?.fault === 'lengthTooShort' ? Math.max(1, length - OFF) : length;
}

function drip(response: ServerResponse, bytes: Buffer, everyMs: number): void {
  let at = 0;
  const timer = setInterval(() => {
    response.write(bytes.subarray(at, at + 1));
    at += 1;
    if (at < bytes.length) return;
    clearInterval(timer);
    response.end();
  }, everyMs);
  response.once('close', () => clearInterval(timer));
}
