import { randomBytes } from 'node:crypto';

/** What a test file needs to work with the Temporal server of this jest run. */
export interface TestTemporal {
  /** `host:port` */
  readonly address: string;
  /** Path of the prebuilt bundle, for `workflowBundle: { codePath }`. */
  readonly bundlePath: string;
  /** A task queue that no other test file uses. */
  readonly taskQueue: string;
}

/**
 * The server is shared by all test files of the run: take a task queue and workflow ids of your own.
 * Temporal's native runtime exists once a process; jest gives each worker process several files one after the other, so close what you open.
 */
export function testTemporal(): TestTemporal {
  return {
    address: required('TEST_TEMPORAL_ADDRESS'),
    bundlePath: required('TEST_WORKFLOW_BUNDLE'),
    taskQueue: `test-${randomBytes(6).toString('hex')}`,
  };
}

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined)
    throw new Error(`${name} is not set: this folder of tests/ is not in a jest project with Temporal (jest.config.js)`);
  return value;
}
