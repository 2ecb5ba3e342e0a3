import { createHash } from 'node:crypto';

import { systemClock, type Clock } from '../../http/clock';
import type { RequestLimiter } from '../../http/limiter';
import { sharedLimiter } from '../limiters';
import { memoryTokenStore, type TokenStore } from '../token-store';
import { withoutSlash, ZOHO_LIMITS, type ZohoSettings } from './settings';
import { TokenKeeper } from './token';

/** What all connections of a process to one organization share: Zoho counts requests and tokens by account, not by connection. */
export interface ZohoAccount {
  /** For sentences: `organization 10234695 of www.zohoapis.eu`. */
  readonly name: string;
  readonly limiter: RequestLimiter;
  readonly tokens: TokenKeeper;
}

/** For connections that name no store: by clock, since tokens age by it. */
const STORES = new WeakMap<Clock, TokenStore>();
/** By store: what one database knows is nothing to another. */
const KEEPERS = new WeakMap<TokenStore, Map<string, TokenKeeper>>();

function storeOf(clock: Clock): TokenStore {
  const store = STORES.get(clock) ?? memoryTokenStore(clock);
  STORES.set(clock, store);
  return store;
}

function credentialsOf({ accountsUrl, clientId, clientSecret, refreshToken }: ZohoSettings): string {
  return JSON.stringify(['zoho-books', withoutSlash(accountsUrl), clientId.reveal(), clientSecret.reveal(), refreshToken.reveal()]);
}

function keeperOf(settings: ZohoSettings, store: TokenStore): TokenKeeper {
  const keepers = KEEPERS.get(store) ?? new Map<string, TokenKeeper>();
  KEEPERS.set(store, keepers);
  // Digested, so that no map of the process holds them.
  const key = createHash('sha256').update(credentialsOf(settings)).digest('hex');
  const accounts = withoutSlash(settings.accountsUrl);
  const account = URL.canParse(accounts) ? new URL(accounts).host : 'an unreadable URL';
  const keeper =
    keepers.get(key) ??
    new TokenKeeper(settings, store, { source: 'zoho-books', account, credentials: { reveal: () => credentialsOf(settings) } });
  keepers.set(key, keeper);
  return keeper;
}

/** The shared account of these settings; its limits become the ones given last. */
export function accountOf(settings: ZohoSettings): ZohoAccount {
  const clock = settings.fetchClock ?? systemClock;
  const base = withoutSlash(settings.baseUrl);
  const name = `organization ${settings.organizationId} of ${URL.canParse(base) ? new URL(base).host : 'an unreadable URL'}`;
  const limits = { ...ZOHO_LIMITS, ...settings.limits };
  const limiter = sharedLimiter(clock, { key: `zoho-books|${base}|${settings.organizationId}`, name, limits }, settings.budget);
  return { name, limiter, tokens: keeperOf(settings, settings.tokens ?? storeOf(clock)) };
}
