// A test belongs to a project by its folder under tests/. A folder named nowhere here is in `db`: it gets a database.
const FOLDERS = {
  unit: [
    'unit',
    'sandbox',
    'json',
    'http',
    'config',
    'domain',
    'observability',
    'architecture',
    'sources',
    'contract',
    'report',
    'live/views',
    'mapping',
  ],
  temporal: [
    'temporal',
    'workflows',
    'activities',
    'cli',
    'client',
    'stack',
    'live/terminal',
    'schedules',
    'secrets',
    'errors/with-servers',
  ],
  replay: ['replay'],
  chaos: ['chaos'],
};

const ON_DEMAND = require('./scripts/on-demand.cjs');
// Known only to who asks for them.
const left = process.env.FRESHET_ON_DEMAND === undefined ? ON_DEMAND.map((file) => `<rootDir>/${file}`) : [];

const below = (folders) => folders.map((folder) => `<rootDir>/tests/${folder}/`);

// Packages that are ES modules only: Node requires them as they are, jest does not.
const MODULES = '(string-width|get-east-asian-width|strip-ansi|ansi-regex)';

const base = {
  rootDir: __dirname,
  testEnvironment: 'node',
  transform: {
    '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, sourceMaps: 'inline' }],
    [`/node_modules/${MODULES}/.+\\.js$`]: ['@swc/jest', { jsc: { target: 'esnext', parser: { syntax: 'ecmascript' } } }],
  },
  transformIgnorePatterns: [`/node_modules/(?!${MODULES}/)`],
};

const database = {
  testEnvironment: '<rootDir>/tests/support/database-environment.ts',
  globalSetup: '<rootDir>/tests/support/setup-database.ts',
  globalTeardown: '<rootDir>/tests/support/teardown.ts',
};

const temporal = { ...database, globalSetup: '<rootDir>/tests/support/setup-temporal.ts' };

const project = (displayName, services) => ({
  ...base,
  ...services,
  displayName,
  testMatch: below(FOLDERS[displayName]).map((folder) => `${folder}**/*.test.ts`),
  testPathIgnorePatterns: ['/node_modules/', ...left],
});

/** @type {import('jest').Config} */
module.exports = {
  // One more than there are cores: a third of the suites mostly waits for servers and processes.
  maxWorkers: 3,
  testTimeout: 60_000,
  projects: [
    project('unit', {}),
    {
      ...base,
      ...database,
      displayName: 'db',
      testMatch: ['<rootDir>/tests/**/*.test.ts'],
      testPathIgnorePatterns: ['/node_modules/', ...left, ...below(Object.values(FOLDERS).flat())],
    },
    project('temporal', temporal),
    project('replay', temporal),
    project('chaos', temporal),
  ],
};
