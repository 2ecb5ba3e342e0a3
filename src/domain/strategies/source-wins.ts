import type { Strategy } from './strategy';

export const sourceWins: Strategy = {
  meaning: 'the source’s value is written over the person’s',
  decide: () => 'source',
  sql: () => `'source'`,
};
