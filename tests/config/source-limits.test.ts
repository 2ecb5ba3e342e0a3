import { resolve } from 'node:path';
import { readSources, resolveSource } from '../../src/config/sources';
import { sourceTypes } from '../../src/sources';

const root = resolve(__dirname, '../..');
const { sources } = readSources({ root, types: sourceTypes });
const given = {
  ZOHO_BOOKS_TEST_BASE_URL: 'http://127.0.0.1:1/books/v3',
  ZOHO_BOOKS_TEST_ACCOUNTS_URL: 'http://127.0.0.1:1',
  ZOHO_BOOKS_TEST_ORGANIZATION_ID: '1',
};
const limits = (variables: Record<string, string>): unknown =>
  resolveSource({ sources, key: 'zoho-books', environment: 'test', variables: { ...given, ...variables } }).limits;

test('the limits of a source may come from a variable, and have a default without it', () => {
  expect(limits({})).toEqual({ requests_per_minute: 90, concurrent: 5 });
  expect(limits({ ZOHO_BOOKS_TEST_CALLS_PER_MINUTE: '6000', ZOHO_BOOKS_TEST_CONCURRENT: ' ' })).toEqual({
    requests_per_minute: 6000,
    concurrent: 5,
  });
});

test('a variable that is no count is named with its value', () => {
  expect(() => limits({ ZOHO_BOOKS_TEST_CALLS_PER_MINUTE: 'many' })).toThrow(/ZOHO_BOOKS_TEST_CALLS_PER_MINUTE is "many"/);
});
