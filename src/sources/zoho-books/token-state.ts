import { isJsonObject } from '../../http/strict-json';

/** What processes share about one refresh token. Times are of the store's clock, in ms. */
export interface TokenState {
  readonly token: string | null;
  /** Not used from then on. */
  readonly endsAt: number;
  /** Instead of the configured one, where the server changed it. */
  readonly refreshToken: string | null;
  /** The accounts server wants no request before; 0: it never said so. */
  readonly throttledUntil: number;
}

export const NO_TOKEN: TokenState = { token: null, endsAt: 0, refreshToken: null, throttledUntil: 0 };

/** As it is stored. */
export function stateText(state: TokenState): string {
  return JSON.stringify({
    access_token: state.token,
    ends_at: state.endsAt,
    refresh_token: state.refreshToken,
    throttled_until: state.throttledUntil,
  });
}

/** What was stored; what cannot be understood is no token. */
export function readState(text: string | null): TokenState {
  const fields = parsed(text);
  const [token, refreshToken] = [fields['access_token'], fields['refresh_token']].map((value) =>
    typeof value === 'string' ? value : null,
  );
  const [endsAt, throttledUntil] = [fields['ends_at'], fields['throttled_until']].map((value) => (typeof value === 'number' ? value : 0));
  return { token: token ?? null, endsAt: endsAt ?? 0, refreshToken: refreshToken ?? null, throttledUntil: throttledUntil ?? 0 };
}

function parsed(text: string | null): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
}
