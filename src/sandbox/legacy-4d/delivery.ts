import type { ServerResponse } from 'node:http';
import type { Answer } from './answer';
import { cutInHalf, damaged } from './faults';
import type { FaultRule } from './faults';

const DRIP_MS = 100;
/** Bytes by which a wrong length is wrong. */
const OFF = 64;

/** Puts an answer on the wire; a fault decides how much of it, how fast, and under which length. */
export function deliver(response: ServerResponse, answer: Answer, rule?: FaultRule): void {
  const bytes = damaged(rule?.fault, answer.body);
  response.writeHead(answer.status, {
    'Content-Type': answer.contentType ?? 'application/json;charset=UTF-8',
    'Content-Length': bytes.length + (rule?.fault === 'lengthTooLong' ? OFF : 0),
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
