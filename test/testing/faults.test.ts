import {once} from 'node:events';
import type {IncomingMessage} from 'node:http';
import {Agent, get} from 'node:http';
import {describe, expect, jest, test} from '@jest/globals';
import type {EmulatedOperation, GraphEmulator, StepAnswer} from '../../src/testing/index.ts';
import {bearer, failureOf, field, startEmulator, statuses} from './emulators.ts';

async function withStep(step: StepAnswer): Promise<{emulator: GraphEmulator; operation: EmulatedOperation}> {
  const emulator = await startEmulator();
  return {emulator, operation: emulator.addOperation({script: [step, 'succeeded']})};
}

/** The answer from node:http, whose body is not read until the test does so. */
async function open(location: string): Promise<IncomingMessage> {
  const request = get(location, {headers: bearer, agent: new Agent({keepAlive: false})});
  const [response] = await once(request, 'response');
  return response;
}

describe('a fault', () => {
  test('reset breaks the connection; the next poll is answered', async () => {
    const {emulator, operation} = await withStep({fault: 'reset'});
    expect(await failureOf(fetch(operation.location, {headers: bearer}))).toMatch(/ECONNRESET|UND_ERR_SOCKET/);
    expect(emulator.requests.map(({aborted}) => aborted)).toEqual([false]);
    expect(await statuses(operation.location, 1)).toEqual(['succeeded']);
  });

  test('hang never answers, and notices when the client disconnects', async () => {
    const {emulator, operation} = await withStep({fault: 'hang'});
    const controller = new AbortController();
    const arriving = emulator.nextRequest();
    const answer = failureOf(fetch(operation.location, {headers: bearer, signal: controller.signal}));
    expect((await arriving).aborted).toBe(false);
    controller.abort();
    expect(await answer).toMatchObject({name: 'AbortError'});
    await emulator.idle();
    expect(emulator.requests[0]?.aborted).toBe(true);
  });

  test('hangBody sends the headers and half of the body', async () => {
    const {emulator, operation} = await withStep({fault: 'hangBody', status: 'running'});
    const response = await open(operation.location);
    expect(response.statusCode).toBe(200);
    const [chunk] = await once(response, 'data');
    const length = Number(response.headers['content-length']);
    expect([chunk.length, response.complete]).toEqual([Math.floor(length / 2), false]);
    response.destroy();
    await emulator.idle();
    expect(operation.requests[0]?.aborted).toBe(true);
  });

  test('truncated ends in the middle as if the body were complete', async () => {
    const {operation} = await withStep({fault: 'truncated', body: {status: 'succeeded'}});
    const response = await fetch(operation.location, {headers: bearer});
    expect([response.status, await response.text()]).toEqual([200, '{"status":"']);
  });

  test('huge sends 50 MiB of valid JSON to a client that reads it', async () => {
    const {operation} = await withStep({fault: 'huge', body: {status: 'succeeded'}});
    const response = await open(operation.location);
    let bytes = 0;
    let start = '';
    for await (const chunk of response) {
      if (bytes === 0) start = String(chunk).trimEnd();
      bytes += chunk.length;
    }
    expect([bytes, Number(response.headers['content-length'])]).toEqual([52_428_800, 52_428_800]);
    expect(field(JSON.parse(start), 'status')).toBe('succeeded');
  });

  test.each(['huge', 'endless'] as const)('%s waits for a slow client and stops when it disconnects', async (fault) => {
    const {emulator, operation} = await withStep({fault, status: 'running'});
    const response = await open(operation.location);
    await once(response, 'readable');
    const before = process.memoryUsage().arrayBuffers;
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 1024 * 1024);
    response.destroy();
    await emulator.idle();
    expect(emulator.requests[0]?.aborted).toBe(true);
  });

  test('endless has no content length and exceeds any limit', async () => {
    const {emulator, operation} = await withStep({fault: 'endless'});
    const response = await open(operation.location);
    expect(response.headers['content-length']).toBeUndefined();
    let bytes = 0;
    for await (const chunk of response) {
      bytes += chunk.length;
      if (bytes > 60_000_000) break;
    }
    await emulator.idle();
    expect(bytes).toBeGreaterThan(60_000_000);
  });

  test('can have any HTTP status', async () => {
    const {operation} = await withStep({fault: 'truncated', http: 503, retryAfter: 1});
    const response = await fetch(operation.location, {headers: bearer});
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
    await response.text();
  });
});

describe('a delay', () => {
  test('delays the answer, in virtual time under fake timers', async () => {
    jest.useFakeTimers();
    try {
      const {emulator, operation} = await withStep({status: 'running', delay: 30_000});
      const arriving = emulator.nextRequest();
      let answered = false;
      const answer = fetch(operation.location, {headers: bearer}).then((response) => {
        answered = true;
        return response.json();
      });
      await arriving;
      await jest.advanceTimersByTimeAsync(29_999);
      expect(answered).toBe(false);
      await jest.advanceTimersByTimeAsync(1);
      expect(field(await answer, 'status')).toBe('running');
    } finally {
      jest.useRealTimers();
    }
  });

  test('leaves no timer behind when the client disconnects first', async () => {
    jest.useFakeTimers();
    try {
      const {emulator, operation} = await withStep({delay: 60_000});
      const controller = new AbortController();
      const arriving = emulator.nextRequest();
      const answer = failureOf(fetch(operation.location, {headers: bearer, signal: controller.signal}));
      await arriving;
      expect(jest.getTimerCount()).toBe(1);
      controller.abort();
      await answer;
      await emulator.idle();
      expect(jest.getTimerCount()).toBe(0);
    } finally {
      jest.useRealTimers();
    }
  });
});
