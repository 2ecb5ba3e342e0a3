// download-temporal.cjs FOLDER VERSION: lets the SDK download Temporal's command line into FOLDER. The SDK downloads only in order to start.
const { TestWorkflowEnvironment } = require('@temporalio/testing');

const [downloadDir, version] = process.argv.slice(2);

TestWorkflowEnvironment.createLocal({
  server: { executable: { type: 'cached-download', downloadDir, version }, log: { format: 'pretty', level: 'error' } },
})
  .then((environment) => environment.teardown())
  .catch((error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  });
