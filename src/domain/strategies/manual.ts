import type { Strategy } from './strategy';

export const manual: Strategy = {
  meaning: 'the target stays, and the conflict waits for a person',
  decide: () => 'ask',
  sql: () => `'ask'`,
};
