// The fetching of a result, which happens after the end of the watch.
import {execFile} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {afterEach, beforeEach, describe, expect, test} from '@jest/globals';
import {SpanStatusCode} from '@opentelemetry/api';
import {type OperationPoller, pollOperation, schedules} from 'operation-poller';
import {instrument} from 'operation-poller/opentelemetry';
import type {OperationStep} from 'operation-poller/testing';
import {startEmulator} from '../testing/emulators.ts';
import {milliseconds, startTelemetry} from './telemetry.ts';

const token = 'marker-token-0123456789';

let telemetry: ReturnType<typeof startTelemetry>;
beforeEach(() => {
  telemetry = startTelemetry();
});
afterEach(() => telemetry.stop());

async function fetching(answer: OperationStep, fetchResult = true) {
  const emulator = await startEmulator();
  const {location: resourceLocation} = emulator.addResource({path: '/things/1', script: [answer]});
  const {location} = emulator.addOperation({script: [{status: 'succeeded', resourceLocation}]});
  const options = {token, schedule: schedules.fixed(5), retry: {retries: 0}, fetchResult, notFoundGrace: 0};
  const poller = pollOperation(location, options);
  const {unsubscribe} = instrument(poller, telemetry.options);
  return {emulator, poller, unsubscribe};
}

const settled = (poller: OperationPoller): Promise<unknown> => poller.result().catch((error: unknown) => error);
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a result', () => {
  test('that is fetched has a span of its own, after the watch and as its child', async () => {
    const {poller} = await fetching({fields: {name: 'marker-name'}});
    expect((await poller.result()).result).toMatchObject({name: 'marker-name'});
    await turn();
    const [watch] = telemetry.spans('operation.watch');
    const [result, ...more] = telemetry.spans('operation.result');
    expect(more).toEqual([]);
    expect(result?.parentSpanContext?.spanId).toBe(watch?.spanContext().spanId);
    expect(result?.startTime).toEqual(watch?.endTime);
    expect(milliseconds(result?.endTime ?? [0, 0])).toBeGreaterThanOrEqual(milliseconds(result?.startTime ?? [0, 0]));
    expect(result?.attributes).toEqual({});
    expect(result?.status.code).toBe(SpanStatusCode.UNSET);
    expect(await telemetry.exported()).not.toContain('marker-');
  });

  test('that is unavailable is an error of its own span, and the watch remains a success', async () => {
    const {poller} = await fetching({http: 404});
    await settled(poller);
    await turn();
    const [result] = telemetry.spans('operation.result');
    expect(result?.attributes).toEqual({'error.type': 'ResultUnavailableError'});
    expect(result?.status).toEqual({code: SpanStatusCode.ERROR});
    const [watch] = telemetry.spans('operation.watch');
    expect(watch?.attributes['operation.outcome']).toBe('succeeded');
    expect(watch?.status.code).toBe(SpanStatusCode.UNSET);
  });

  test('that is no longer wanted is not an error', async () => {
    const {emulator, poller} = await fetching({fault: 'hang'});
    await poller.waitFor('succeeded');
    await emulator.nextRequest();
    poller.stop('marker-reason');
    await settled(poller);
    await turn();
    const [result] = telemetry.spans('operation.result');
    expect(result?.attributes).toEqual({'error.type': 'WatchAbortedError'});
    expect(result?.status.code).toBe(SpanStatusCode.UNSET);
    expect(await telemetry.exported()).not.toContain('marker-');
  });

  test('is not reported once the poller is unsubscribed', async () => {
    const {emulator, poller, unsubscribe} = await fetching({http: 404, delay: 50});
    await poller.waitFor('succeeded');
    await emulator.nextRequest();
    unsubscribe();
    await settled(poller);
    await turn();
    expect(telemetry.spans('operation.watch')).toHaveLength(1);
    expect(telemetry.spans('operation.result')).toEqual([]);
  });

  test('that is not fetched has no span', async () => {
    const {poller} = await fetching({fields: {}}, false);
    await poller.result();
    await turn();
    expect(telemetry.spans('operation.result')).toEqual([]);
  });
});

describe('an unhandled rejection', () => {
  const loader = new URL('../support/load-typescript.mjs', import.meta.url).href;
  const run = async (instrumented: boolean) => {
    const {stdout} = await promisify(execFile)(
      process.execPath,
      [
        '--import',
        loader,
        '--input-type=module',
        '--eval',
        `
        import {pollOperation} from './src/index.ts';
        import {instrument} from './src/opentelemetry/index.ts';
        import {startGraphEmulator} from './src/testing/index.ts';
        process.on('unhandledRejection', ({name}) => console.log('unhandled', name));
        const emulator = await startGraphEmulator();
        const resourceLocation = emulator.root + '/v1.0/nothing';
        const {location} = emulator.addOperation({script: [{status: 'succeeded', resourceLocation}]});
        const poller = pollOperation(location, {token: 't', fetchResult: true, notFoundGrace: 0, retry: {retries: 0}});
        if (${instrumented}) instrument(poller);
        if (process.argv[1] === 'asks') poller.result();
        await poller.waitFor('succeeded');
        await emulator.idle();
        setTimeout(() => emulator.stop(), 100);`,
        'asks',
      ],
      {cwd: fileURLToPath(new URL('../..', import.meta.url)), env: {...process.env, NODE_OPTIONS: ''}},
    );
    return stdout;
  };

  test('is still reported to the host', async () => {
    expect(await Promise.all([run(false), run(true)])).toEqual(Array(2).fill('unhandled ResultUnavailableError\n'));
  });
});
