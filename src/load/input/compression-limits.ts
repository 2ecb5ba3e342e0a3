import { FreshetError } from '../../domain/errors';

/**
 * A few kilobytes can be made to unpack into terabytes. Records rarely shrink to less than a thirtieth; small files may do as they like, and
 * who really has such a file unpacks it himself.
 */
export const UNPACK_LIMITS = { ratio: 200, unlessBelow: 64 * 1024 * 1024, bytes: 256 * 1024 * 1024 * 1024 } as const;

/** Counts what goes into an unpacker and what comes out. Throws `file_error` code `bad-compression`. */
export class UnpackLimits {
  /** Bytes of the file that were read. */
  read = 0;
  private unpacked = 0;

  constructor(private readonly name: string) {}

  out(bytes: number): void {
    this.unpacked += bytes;
    const { ratio, unlessBelow, bytes: most } = UNPACK_LIMITS;
    if (this.unpacked > most) throw this.tooMuch(`more than ${most / 1024 ** 3} GiB`);
    if (this.unpacked > unlessBelow && this.unpacked > ratio * this.read) throw this.tooMuch(`more than ${ratio} times its size`);
  }

  /** The compressed bytes themselves are wrong. */
  damaged(at: number, what: string, cause?: unknown): FreshetError {
    return new FreshetError('file_error', {
      code: 'bad-compression',
      message: `${this.name}: ${what} (byte ${at})`,
      where: `${this.name}, byte ${at}`,
      remedy:
        'It was cut off, damaged on the way, or is still being written: write it anew, then load again. Nothing of this file is stored.',
      facts: { fault: 'damaged', offset: at },
      retryable: false,
      cause,
    });
  }

  private tooMuch(what: string): FreshetError {
    return new FreshetError('file_error', {
      code: 'bad-compression',
      message: `${this.name} unpacks to ${what}: it was given up at byte ${this.unpacked} of what it unpacks to`,
      where: `${this.name}, byte ${this.read}`,
      remedy: 'If it is meant to be so, unpack it yourself and load the unpacked file. Nothing of it is stored.',
      facts: { fault: 'too-much', offset: this.read },
      retryable: false,
    });
  }
}
