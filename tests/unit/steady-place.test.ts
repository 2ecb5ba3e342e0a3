import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keptCredentials, secret, steadyPlace } from '../../src/client/steady-place';

let root: string;
beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'freshet-place-'))));
afterEach(() => rmSync(root, { recursive: true }));

it('credentials are the same from start to start, and this user alone can read them', async () => {
  const start = () => steadyPlace(root, 'sandbox-square', () => ({ accessToken: secret('EAAA') }));
  const [first, second] = [await start(), await start()];
  expect(second.credentials).toEqual(first.credentials);
  expect(keptCredentials(root, 'sandbox-square')).toEqual(first.credentials);
  expect(statSync(join(root, 'sandbox-square.json')).mode & 0o077).toBe(0);
});

it('where nothing was started there are none', () => {
  expect(keptCredentials(root, 'sandbox-square')).toBeNull();
});
