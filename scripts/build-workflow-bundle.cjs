// Writes dist/workflow-bundle.js from dist/workflows/index.js. The worker loads the file instead of bundling at its start.
const { renameSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { bundleWorkflowCode } = require('@temporalio/worker');

const dist = join(__dirname, '..', 'dist');

/** Only what is wrong is worth a line; a bundle that needs a Node module fails with its name. */
const quiet = { trace() {}, debug() {}, info() {}, log() {}, warn: console.error, error: console.error };

async function main() {
  const { code } = await bundleWorkflowCode({ workflowsPath: join(dist, 'workflows', 'index.js'), logger: quiet });
  const file = join(dist, 'workflow-bundle.js');
  // Renamed into place: a worker that starts right now reads the old one or the new one, never half of it.
  writeFileSync(`${file}.new`, code);
  renameSync(`${file}.new`, file);
}

main().catch((error) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
