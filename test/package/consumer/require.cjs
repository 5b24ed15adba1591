// The same package from CommonJS, where require() of an ES module works, and that it is the same instance as import()'s.
const library = require('operation-poller');
const client = require('operation-poller/client');
const graph = require('operation-poller/graph');
const testing = require('operation-poller/testing');

void import('operation-poller').then((imported) => {
  console.log(
    JSON.stringify({
      pollOperation: typeof library.pollOperation,
      createOperationClient: typeof client.createOperationClient,
      createGraphClient: typeof graph.createGraphClient,
      startGraphEmulator: typeof testing.startGraphEmulator,
      same: imported.pollOperation === library.pollOperation,
    }),
  );
});
