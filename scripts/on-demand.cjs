// Suites over their share of CI's 25 minutes. `npm run soak -- --suites` runs them and writes docs/reliability/suites.json; jest knows them only then.
module.exports = [
  'tests/chaos/commit-worker.test.ts',
  'tests/chaos/servers.test.ts',
  'tests/chaos/starts.test.ts',
  'tests/client/load-memory.test.ts',
  'tests/errors/with-servers/runs.test.ts',
  'tests/errors/with-servers/up-and-worker.test.ts',
  'tests/landing/full-disk.test.ts',
  'tests/local/reconcile-large.test.ts',
  'tests/live/terminal/live-view.test.ts',
  'tests/schedules/fault-free.test.ts',
  'tests/stack/sudden-end.test.ts',
];
