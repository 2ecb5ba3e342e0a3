/** Shorter values are not searched for in texts: replacing every `a` would destroy the text and betray the value. */
const SHORTEST = 4;
/** Tokens are renewed all day: of those only the newest are kept. */
const MOST_PASSING = 400;

/** The parts of a Base64 text that depend on `value` alone, wherever in a longer text it stood (as in `user:password`). */
function base64Cores(value: string): string[] {
  const bytes = Buffer.from(value, 'utf8');
  return [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const tail = (offset + bytes.length) % 3 === 0 ? 0 : 1;
    return text.slice([0, 2, 3][offset], text.length - tail);
  });
}

function passwordOf(value: string): string[] {
  if (!value.includes('://') || !URL.canParse(value)) return [];
  const { password } = new URL(value);
  if (password === '') return [];
  try {
    return [password, decodeURIComponent(password)];
  } catch {
    return [password];
  }
}

function formsOf(value: string): string[] {
  const percent = encodeURIComponent(value);
  const cores = base64Cores(value).filter((core) => core.length >= 6);
  const url = cores.map((core) => core.replaceAll('+', '-').replaceAll('/', '_'));
  return [value, percent, percent.replaceAll('%20', '+'), percent.toLowerCase(), JSON.stringify(value).slice(1, -1), ...cores, ...url];
}

function partsOf(value: string): string[] {
  return [value, ...passwordOf(value)].filter((part) => part.length >= SHORTEST);
}

/** The secret values that this process has seen, in every form in which they may turn up in a text. */
export class KnownSecrets {
  readonly #forms = new Map<string, readonly string[]>();
  readonly #passing = new Map<string, readonly string[]>();

  /** Remembers a value for good, and the password inside it where it is a URL. */
  add(value: string): void {
    for (const part of partsOf(value)) {
      this.#passing.delete(part);
      if (!this.#forms.has(part)) this.#forms.set(part, [...new Set(formsOf(part))]);
    }
  }

  /** Remembers a value that is soon replaced, such as an access token, until 400 newer ones came. */
  addPassing(value: string): void {
    for (const part of partsOf(value)) {
      if (this.#forms.has(part)) continue;
      this.#passing.delete(part);
      this.#passing.set(part, [...new Set(formsOf(part))]);
    }
    for (const oldest of this.#passing.keys()) {
      if (this.#passing.size <= MOST_PASSING) break;
      this.#passing.delete(oldest);
    }
  }

  /** The text with every known value, plain or encoded, replaced by `[secret]`. */
  hide(text: string): string {
    let hidden = text;
    for (const forms of [...this.#forms.values(), ...this.#passing.values()]) {
      for (const form of forms) if (hidden.includes(form)) hidden = hidden.replaceAll(form, '[secret]');
    }
    return hidden;
  }
}

/** The one of this process: every `Secret` enters itself here, the redaction of logs and errors reads it. */
export const knownSecrets = new KnownSecrets();
