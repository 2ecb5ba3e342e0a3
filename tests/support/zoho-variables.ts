import type { Sandbox } from '../../src/sandbox';

/** The variables by which source `zoho-books` finds a sandbox, and may ask it as often as it likes. */
export function zohoVariables({ baseUrl, accountsUrl, credentials }: Sandbox): Record<string, string> {
  return {
    ZOHO_BOOKS_TEST_BASE_URL: baseUrl,
    ZOHO_BOOKS_TEST_ACCOUNTS_URL: accountsUrl,
    ZOHO_BOOKS_TEST_ORGANIZATION_ID: credentials.organizationId,
    ZOHO_BOOKS_TEST_CLIENT_ID: credentials.clientId,
    ZOHO_BOOKS_TEST_CLIENT_SECRET: credentials.clientSecret,
    ZOHO_BOOKS_TEST_REFRESH_TOKEN: credentials.refreshToken,
    ZOHO_BOOKS_TEST_CALLS_PER_MINUTE: '1000000',
  };
}
