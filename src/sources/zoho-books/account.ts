import { createHash } from 'node:crypto';

import { systemClock, type Clock } from '../../http/clock';
import { RequestLimiter } from '../../http/limiter';
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
  readonly keepers: Map<string, TokenKeeper>;
}

/** By clock: waits on different clocks have nothing in common. They stay when connections close: the minute goes on. */
const REGISTRIES = new WeakMap<Clock, Registry>();

function registryOf(clock: Clock): Registry {
  const registry = REGISTRIES.get(clock) ?? { limiters: new Map<string, RequestLimiter>(), keepers: new Map<string, TokenKeeper>() };
  REGISTRIES.set(clock, registry);
  return registry;
}

/** Credentials as a key: digested, so that no map of the process holds them. */
function credentialKey({ accountsUrl, clientId, clientSecret, refreshToken }: ZohoSettings): string {
  const parts = [withoutSlash(accountsUrl), clientId.reveal(), clientSecret.reveal(), refreshToken.reveal()];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** The shared account of these settings; its limits become the ones given last. */
export function accountOf(settings: ZohoSettings): ZohoAccount {
  const clock = settings.fetchClock ?? systemClock;
  const { limiters, keepers } = registryOf(clock);
  const base = withoutSlash(settings.baseUrl);
  const limits = { ...ZOHO_LIMITS, ...settings.limits };
  const name = `organization ${settings.organizationId} of ${URL.canParse(base) ? new URL(base).host : 'an unreadable URL'}`;
  const account = `${base}|${settings.organizationId}`;
  const limiter = limiters.get(account) ?? new RequestLimiter(name, limits, clock);
  limiter.setLimits(limits);
  limiters.set(account, limiter);
  const credentials = credentialKey(settings);
  const tokens = keepers.get(credentials) ?? new TokenKeeper(settings);
  keepers.set(credentials, tokens);
  return { name, limiter, tokens };
}
