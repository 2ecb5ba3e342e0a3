import type { Strategy } from './strategy';

export const targetWins: Strategy = {
  meaning: 'the person’s value stays',
  decide: () => 'target',
  sql: () => `'target'`,
};
