import {describe, expect, jest, test} from '@jest/globals';
import {schedules} from 'operation-poller';
import {type DurableHost, watchDurably, watchDurablyInRuns} from 'operation-poller/durable';
import {now} from '../../src/shared/clock.ts';
import {clientOf, token} from '../graph/clients.ts';
import {allArrived, until} from '../support/behaviours.ts';
import {startEmulator} from '../testing/emulators.ts';
import {Journal} from './support/journal.ts';

/** An engine that records nothing: all workflows of the process are executed once. */
const host: DurableHost = {
  run: (_name, work) => work(),
  sleep: (_name, milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
  now: () => Date.now(),
};

describe('what the workflows of a process share by a client', () => {
  test('is a token, and batches of their polls', async () => {
    const emulator = await startEmulator({token});
    let tokens = 0;
    const source = (): string => {
      tokens += 1;
      return token;
    };
    // A window wide enough for all workflows on a slow machine.
    const client = clientOf(emulator, {token: source, batch: 100});
    const locations = Array.from(
      {length: 20},
      () => emulator.addOperation({script: ['running', 'succeeded']}).location,
    );
    const options = {client, schedule: schedules.fixed(1)};
    const outcomes = await Promise.all(locations.map((location) => watchDurably(host, location, options)));
    expect(new Set(outcomes.map(({status}) => status))).toEqual(new Set(['succeeded']));
    expect(emulator.requests.map(({path}) => path)).toEqual(['/v1.0/$batch', '/v1.0/$batch']);
    expect(tokens).toBe(1);
  });

  test('is a gate: after a 429 to one, the polls of the others wait as well', async () => {
    const emulator = await startEmulator({token});
    const client = clientOf(emulator, {batch: false});
    const throttled = emulator.addOperation({script: [{http: 429, retryAfter: 1}, 'succeeded']});
    const other = emulator.addOperation({script: ['succeeded']});
    const arrival = (): Promise<number> => emulator.nextRequest().then(() => now());
    const first = arrival();
    const run = await watchDurablyInRuns(host, throttled.location, {client, pollsPerRun: 1});
    expect(run).toMatchObject({wait: expect.any(Number)});
    const journal = new Journal(Date.now());
    const second = arrival();
    const outcome = await watchDurably(journal.host(), other.location, {client});
    expect(outcome.status).toBe('succeeded');
    expect(journal.steps).toEqual(['begin', 'poll 1']);
    expect((await second) - (await first)).toBeGreaterThanOrEqual(1000);
  });

  test('does not hold a poll back beyond the deadline of its watch', async () => {
    const emulator = await startEmulator({token});
    const client = clientOf(emulator, {batch: false});
    const throttled = emulator.addOperation({script: [{http: 429, retryAfter: 600}]});
    const other = emulator.addOperation({script: ['succeeded']});
    // The clock of the workflow and that of the process go together, whatever happens to those of the machine.
    jest.useFakeTimers();
    await watchDurablyInRuns(host, throttled.location, {client, pollsPerRun: 1});
    const watching = watchDurably(host, other.location, {client, totalTimeout: 200});
    await until(() => jest.getTimerCount() > 0);
    await jest.advanceTimersByTimeAsync(200);
    const outcome = await watching;
    expect(outcome).toMatchObject({status: 'abandoned', reason: 'timeout'});
    expect(outcome).toHaveProperty('error.cause.message', expect.stringContaining('held back until'));
    await allArrived(emulator);
    expect(other.requests).toEqual([]);
  });

  test('is not used by a replay', async () => {
    const emulator = await startEmulator({token});
    const client = clientOf(emulator);
    const operation = emulator.addOperation({script: ['running', 'running', 'succeeded']});
    const journal = new Journal(Date.now());
    const options = {client, schedule: schedules.fixed(1)};
    const outcome = await watchDurably(journal.host(), operation.location, options);
    expect(await watchDurably(journal.host(), operation.location, options)).toEqual(outcome);
    await allArrived(emulator);
    expect(operation.requests).toHaveLength(3);
  });
});
