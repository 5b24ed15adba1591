import {expect, test} from '@jest/globals';
import {planOf} from './plan.ts';
import {home} from './service.ts';
import {World} from './world.ts';

test('what is left of a dead process sends nothing', () => {
  const world = new World(planOf(0), () => ({begin: () => undefined, crash: () => undefined}), false);
  const {network, time} = world;
  const {signal} = new AbortController();
  const send = (): void =>
    void network.send({
      url: `${home}/v1.0/operations/op-0/cancel`,
      method: 'POST',
      authorization: undefined,
      key: undefined,
      json: undefined,
      signal,
    });
  send();
  expect(network.open.size).toBe(1);
  network.drop();
  time.isProcessAlive = false;
  // Who waited in line behind others, whose watches ended with the process.
  send();
  expect(network.open.size).toBe(0);
});
