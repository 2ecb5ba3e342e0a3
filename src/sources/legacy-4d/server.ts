import { createHash } from 'node:crypto';

import { systemClock, type Clock } from '../../http/clock';
import type { RequestLimiter } from '../../http/limiter';
import { sharedLimiter } from '../limiters';
import { SessionKeeper } from './session';
import { hostOf, LEGACY_4D_LIMITS, withoutSlash, type Legacy4dSettings } from './settings';

/** What all connections of a process to one server share: requests are counted, and sessions paid for, by server and user. */
export interface Legacy4dServer {
  readonly limiter: RequestLimiter;
  readonly sessions: SessionKeeper;
}

/** By clock, as the limiters are. */
const KEEPERS = new WeakMap<Clock, Map<string, SessionKeeper>>();

function keeperOf(settings: Legacy4dSettings, clock: Clock): SessionKeeper {
  const keepers = KEEPERS.get(clock) ?? new Map<string, SessionKeeper>();
  KEEPERS.set(clock, keepers);
  const { baseUrl, login } = settings;
  const facts = ['legacy-4d', withoutSlash(baseUrl), login?.username.reveal() ?? null, login?.password.reveal() ?? null];
  // Digested, so that no key of a map holds the password.
  const key = createHash('sha256').update(JSON.stringify(facts)).digest('hex');
  const keeper = keepers.get(key) ?? new SessionKeeper(settings, clock);
  keepers.set(key, keeper);
  return keeper;
}

/** The shared server of these settings; its limits become the ones given last. */
export function serverOf(settings: Legacy4dSettings): Legacy4dServer {
  const clock = settings.fetchClock ?? systemClock;
  const base = withoutSlash(settings.baseUrl);
  const limits = { ...LEGACY_4D_LIMITS, ...settings.limits };
  const account = { key: `legacy-4d|${base}`, name: `the 4D server at ${hostOf(base)}`, limits };
  const limiter = sharedLimiter(clock, account, settings.budget);
  return { limiter, sessions: keeperOf(settings, clock) };
}
