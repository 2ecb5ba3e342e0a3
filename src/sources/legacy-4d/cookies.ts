import { knownSecrets } from '../../observability/known-secrets';

/** Between two cookies of joined headers, not in the date of one: a name and an equals sign follow. */
const BETWEEN = /,(?=\s*[^;,=\s]+=)/;
/** How 4D calls its session: of old, and with scalable sessions. */
const SESSION = /^(WASID4D$|4DSID_)/;

/** The cookies that one server gave, whatever their names. Values are secrets. */
export class CookieJar {
  readonly #values = new Map<string, string>();

  get empty(): boolean {
    return this.#values.size === 0;
  }

  /** For the header `Cookie`; `{}` while there is none. */
  get header(): Readonly<Record<string, string>> {
    return this.empty ? {} : { cookie: [...this.#values].map(([name, value]) => `${name}=${value}`).join('; ') };
  }

  /** Whether such a `Set-Cookie` (several joined by a comma) puts another session in the place of the one held. */
  replaces(setCookie: string | undefined): boolean {
    const named = [...this.#values.keys()].some((name) => SESSION.test(name));
    return parsed(setCookie).some(({ name, value }) => {
      const held = this.#values.get(name);
      return held !== undefined && held !== value && (SESSION.test(name) || !named);
    });
  }

  /** Takes what a `Set-Cookie` gives, and lets go of what it ends. */
  take(setCookie: string | undefined): void {
    for (const { name, value } of parsed(setCookie)) {
      if (value === null) {
        this.#values.delete(name);
        continue;
      }
      knownSecrets.addPassing(value);
      this.#values.set(name, value);
    }
  }

  /** Lets go of all of them; they go on in a jar of their own. */
  emptied(): CookieJar {
    const jar = new CookieJar();
    for (const [name, value] of this.#values) jar.#values.set(name, value);
    this.#values.clear();
    return jar;
  }
}

/** Value `null`: the cookie ends. */
function parsed(setCookie: string | undefined): { readonly name: string; readonly value: string | null }[] {
  return (setCookie ?? '').split(BETWEEN).flatMap((text) => {
    const [pair = '', ...attributes] = text.split(';').map((part) => part.trim());
    const cut = pair.indexOf('=');
    if (cut < 1) return [];
    const value = pair.slice(cut + 1);
    const ended = value === '' || attributes.some((each) => /^max-age=(0|-\d+)$/i.test(each));
    return [{ name: pair.slice(0, cut), value: ended ? null : value }];
  });
}
