import { gzipSync } from 'node:zlib';

const BLOCK = 512;

/** Files as a gzipped tar archive (ustar). Names are ASCII and shorter than 100 characters. `at`: their time, in seconds since 1970. */
export function tarGz(files: readonly { readonly name: string; readonly text: string }[], at: number): Buffer {
  const parts = files.flatMap(({ name, text }) => {
    const content = Buffer.from(text, 'utf8');
    return [header(name, content.length, at), content, Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK)];
  });
  return gzipSync(Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]));
}

function header(name: string, size: number, at: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, '0')}\0`;
  const put = (text: string, offset: number): void => void block.write(text, offset, 'latin1');
  put(name, 0);
  put(octal(0o600, 7), 100);
  put(octal(0, 7), 108);
  put(octal(0, 7), 116);
  put(octal(size, 11), 124);
  put(octal(at, 11), 136);
  put('        ', 148);
  put('0', 156);
  put('ustar\u000000', 257);
  // The sum over the header, its own field counted as spaces.
  put(
    `${octal(
      block.reduce((sum, byte) => sum + byte, 0),
      6,
    )} `,
    148,
  );
  return block;
}
