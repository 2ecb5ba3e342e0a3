import { connect } from 'node:net';

/** What came over one connection, byte by byte, with nothing interpreted but the head. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
  /** `end`: the server ended the connection; `reset`: it broke it; `open`: it said nothing more and let it stand. */
  readonly end: 'end' | 'reset' | 'open';
  /** Pieces in which it came. */
  readonly pieces: number;
}

/** Who says nothing for so long is taken to say nothing more: before all of what was announced has come, and after it. */
const SILENCE_MS = { before: 1_500, after: 100 };

/** One GET over a bare socket. */
export function rawGet(url: string, token: string): Promise<RawAnswer> {
  const { hostname, port, pathname, search } = new URL(url);
  return new Promise((resolve) => {
    const pieces: Buffer[] = [];
    const socket = connect(Number(port), hostname, () => {
      socket.write(`GET ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Zoho-oauthtoken ${token}\r\n\r\n`);
    });
    const over = (end: RawAnswer['end']): void => {
      socket.destroy();
      resolve({ ...read(Buffer.concat(pieces)), end, pieces: pieces.length });
    };
    socket.setTimeout(SILENCE_MS.before, () => over('open'));
    let [length, announced] = [0, Infinity];
    socket.on('data', (piece) => {
      pieces.push(piece);
      length += piece.length;
      if (announced === Infinity) announced = announcedLength(Buffer.concat(pieces));
      if (length >= announced) socket.setTimeout(SILENCE_MS.after);
    });
    socket.on('end', () => over('end'));
    socket.on('error', () => over('reset'));
  });
}

/** Of the whole answer, once its head is there and tells; Infinity until then. */
function announcedLength(bytes: Buffer): number {
  const cut = bytes.indexOf('\r\n\r\n');
  return cut < 0 ? Infinity : cut + 4 + Number(read(bytes).headers.get('content-length') ?? Infinity);
}

function read(bytes: Buffer): Pick<RawAnswer, 'status' | 'headers' | 'body'> {
  const cut = bytes.indexOf('\r\n\r\n');
  const [first = '', ...lines] = bytes.subarray(0, Math.max(0, cut)).toString('latin1').split('\r\n');
  const headers = new Map(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)] as const),
  );
  return { status: Number(first.split(' ')[1] ?? 0), headers, body: cut < 0 ? bytes : bytes.subarray(cut + 4) };
}
