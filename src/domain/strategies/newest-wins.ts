import type { Strategy } from './strategy';

export const newestWins: Strategy = {
  meaning: 'whoever changed last; the source where both are equally old, or nobody knows',
  decide: ({ sourceAt, targetAt }) => (sourceAt !== null && targetAt !== null && targetAt > sourceAt ? 'target' : 'source'),
  sql: (sourceAt, targetAt) => `case when ${targetAt} > ${sourceAt} then 'target' else 'source' end`,
};
