/** Damage that has nothing to do with what an API says: every stand-in can do it to any answer (`delivery.ts`). */
export const WIRE_FAULT_MEANINGS = {
  truncated: 'HTTP 200, a whole answer whose JSON text is cut',
  notUtf8: 'HTTP 200, one byte that is not UTF-8',
  gzipCut: 'HTTP 200, the length is right, the gzip data in it is cut',
  lengthTooLong: 'Content-Length says more than comes; then the connection ends',
  lengthTooShort: 'Content-Length says less than comes; the rest follows on the same connection',
  redirectLoop: 'HTTP 302 to the same address',
  reset: 'the connection breaks off before an answer',
  resetMidBody: 'the connection breaks off after half of the body',
  hang: 'half-open: the request is taken, nothing ever comes back, the connection stays',
  stall: 'half-open in mid-body: headers and half of the body come, then nothing, and no end',
  drip: 'the answer comes byte by byte, one each delayMs (default 100)',
  delay: 'a good answer, delayMs later',
} as const;
