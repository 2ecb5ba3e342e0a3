/** Shorter values are not searched for in texts: replacing every `a` would destroy the text and betray the value. */
const SHORTEST = 4;
/** Tokens are renewed all day: only the newest values are kept. */
const MOST = 400;

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

/** The secret values that this process has seen, in every form in which they may turn up in a text. */
export class KnownSecrets {
  readonly #forms = new Map<string, readonly string[]>();

  /** Remembers a value, and the password inside it where it is a URL. */
  add(value: string): void {
    for (const part of [value, ...passwordOf(value)]) {
      if (part.length < SHORTEST) continue;
      this.#forms.delete(part);
      this.#forms.set(part, [...new Set(formsOf(part))]);
    }
    for (const oldest of this.#forms.keys()) {
      if (this.#forms.size <= MOST) break;
      this.#forms.delete(oldest);
    }
  }

  /** The text with every known value, plain or encoded, replaced by `[secret]`. */
  hide(text: string): string {
    let hidden = text;
    for (const forms of this.#forms.values()) {
      for (const form of forms) if (hidden.includes(form)) hidden = hidden.replaceAll(form, '[secret]');
    }
    return hidden;
  }
}

/** The one of this process: every `Secret` enters itself here, the redaction of logs and errors reads it. */
export const knownSecrets = new KnownSecrets();
