import { inspect } from 'node:util';

import { knownSecrets, type KnownSecrets } from './known-secrets';

const MASK = '[secret]';

/** A value that cannot be printed by accident: text, JSON and inspection give `[secret]`; only `reveal()` gives the value. */
export class Secret {
  readonly #value: string;

  /** Makes the value known to the redaction of logs, reports and errors as well. */
  constructor(value: string, known: KnownSecrets = knownSecrets) {
    this.#value = value;
    known.add(value);
  }

  /** The value itself. Call it where it is sent, keep nothing. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [inspect.custom](): string {
    return MASK;
  }
}
