import type { CatalogueSection } from './entry';

/** Log statements of sources/ (SR-nnn). */
export const sources = {
  'SR-001': {
    level: 'info',
    text: '{what} failed ({code}); trying again in {ms} ms, attempt {attempt}',
    meaning: 'A passing trouble of the source or of the way to it. A call is made at most four times before the error goes up.',
  },
  'SR-002': {
    level: 'debug',
    text: 'new access token from {host}, good for {seconds} s',
  },
  'SR-005': {
    level: 'debug',
    text: 'access token of {host} taken over from another process or an earlier one, good for {seconds} s',
  },
  'SR-003': {
    level: 'warn',
    text: '{account} refused a request for its rate limit (code {code}); nothing is sent for {seconds} s',
    meaning: 'The source counts more requests than this process sent: another program or worker uses the same account.',
    remedy:
      'Nothing to do if it is rare. Otherwise lower the limits of the source in config/sources.yaml, or run the other program at another time.',
  },
  'SR-004': {
    level: 'info',
    text: '{account} no longer takes the access token; asking for a new one',
    meaning: 'Tokens die early when too many are alive for one refresh token. One new token is fetched for all calls.',
  },
  'SR-020': {
    level: 'info',
    text: 'the 4D server at {host} no longer knows the session; logging in again',
    meaning: 'Sessions end when they were idle for an hour, and when the server restarts. One login is made for all calls.',
  },
  'SR-021': {
    level: 'debug',
    text: 'session opened on the 4D server at {host} ({way})',
    meaning: 'It holds one licence of the server until freshet logs out.',
  },
  'SR-022': {
    level: 'warn',
    text: 'a session on the 4D server at {host} was not logged out ({code}); its licence is free again after an hour',
    meaning: 'The server did not answer the logout within two seconds. Nothing is lost.',
    remedy: 'Where licences are few, close the session on the 4D server.',
  },
} as const satisfies CatalogueSection<'SR'>;
