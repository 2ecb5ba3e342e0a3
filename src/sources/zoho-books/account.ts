import { createHash } from 'node:crypto';

import { systemClock, type Clock } from '../../http/clock';
import { RequestLimiter } from '../../http/limiter';
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

interface Registry {
  readonly limiters: Map<string, RequestLimiter>;
  /** For connections that name no store. */
  readonly tokens: TokenStore;
}

/** By clock: waits on different clocks have nothing in common. They stay when connections close: the minute goes on. */
const REGISTRIES = new WeakMap<Clock, Registry>();
/** By store: what one database knows is nothing to another. */
const KEEPERS = new WeakMap<TokenStore, Map<string, TokenKeeper>>();

function registryOf(clock: Clock): Registry {
  const registry = REGISTRIES.get(clock) ?? { limiters: new Map<string, RequestLimiter>(), tokens: memoryTokenStore(clock) };
  REGISTRIES.set(clock, registry);
  return registry;
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
  const registry = registryOf(clock);
  const { limiters } = registry;
  const base = withoutSlash(settings.baseUrl);
  const limits = { ...ZOHO_LIMITS, ...settings.limits };
  const name = `organization ${settings.organizationId} of ${URL.canParse(base) ? new URL(base).host : 'an unreadable URL'}`;
  const account = `${base}|${settings.organizationId}`;
  const limiter = limiters.get(account) ?? new RequestLimiter(name, limits, clock);
  limiter.setLimits(limits);
  limiters.set(account, limiter);
  return { name, limiter, tokens: keeperOf(settings, settings.tokens ?? registry.tokens) };
}
