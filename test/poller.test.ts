import {inspect} from 'node:util';
import {afterEach, expect, test} from '@jest/globals';
import ky from 'ky';
import {type OperationPoller, pollOperation, protocols} from 'operation-poller';

const pollers: OperationPoller[] = [];

afterEach(() => {
  for (const poller of pollers.splice(0)) poller.stop();
});

/** A poller of an operation that is running, after its first poll. */
async function watchRunning(location: string, protocol = protocols.longRunning, head = {}): Promise<OperationPoller> {
  const http = ky.create({
    fetch: async () =>
      Response.json({id: 'b', status: protocol === protocols.longRunning ? 'running' : 'inProgress'}, head),
  });
  const poller = pollOperation(location, {http, token: 'marker-token', protocol, initialDelay: 0});
  pollers.push(poller);
  await poller.waitFor('running');
  return poller;
}

const location = 'https://graph.example/operations/b?a=1';

test('its location is the one that was given, and where the operation moved', async () => {
  expect((await watchRunning(location)).location).toBe(location);
  const capability = 'https://files.example/monitor/b?marker=1';
  const moved = await watchRunning(location, protocols.graph.driveCopy, {
    headers: {location: capability},
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(moved.location).toBe(capability);
});

test('printing it shows the status, the number of polls and the redacted location, and nothing else', async () => {
  const poller = await watchRunning(location);
  const shown = `OperationPoller { status: 'running', attempt: 1, location: '${location}' }`;
  expect(inspect(poller, {breakLength: Number.POSITIVE_INFINITY})).toBe(shown);
  expect(inspect({poller}, {breakLength: Number.POSITIVE_INFINITY})).toBe(`{ poller: ${shown} }`);
});

test('printing it shows no query where that may be a capability', async () => {
  const poller = await watchRunning('https://files.example/monitor/b?marker=1', protocols.graph.driveCopy);
  const text = inspect(poller, {showHidden: true, depth: 10});
  expect(text).toContain("location: 'https://files.example/monitor/b'");
  expect(text).not.toContain('marker');
});

test('printing it where there is no inspect is JSON of the same', async () => {
  const poller = await watchRunning(location);
  const custom: unknown = Reflect.get(poller, Symbol.for('nodejs.util.inspect.custom'));
  if (typeof custom !== 'function') throw new Error('It has no form for printing');
  expect(custom.call(poller, 0, {})).toBe(
    `OperationPoller ${JSON.stringify({status: 'running', attempt: 1, location})}`,
  );
});
