import {randomUUID} from 'node:crypto';
import {readFileSync} from 'node:fs';
import {type QueueClient, QueueServiceClient} from '@azure/storage-queue';
import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, test} from '@jest/globals';
import {protocols} from 'operation-poller';
import {createRecord, type EndedRecord, type TurnOptions} from 'operation-poller/runner';
import {checkRunner, formatReport} from 'operation-poller/testing';
import pWaitFor from 'p-wait-for';
import {add, work} from '../../docs/examples/storage-queue.ts';
import {fetchAzurite, startAzurite, type TestAzurite} from '../support/azurite.ts';
import {fetchOrSkip} from '../support/packages.ts';
import {startEmulator} from '../testing/emulators.ts';
import {openStorageQueue} from '../testing/runner-kit/storage-queue.ts';

// Before the tests are defined, so that they can be skipped.
const program = await fetchOrSkip('the queue on Azure Storage', fetchAzurite);
const describeOnAzurite = program === undefined ? describe.skip : describe;

describeOnAzurite('the queue on Azure Storage', () => {
  const errors: unknown[] = [];
  const ends: EndedRecord[] = [];
  let azurite: TestAzurite;
  let queue: QueueClient;
  let poison: QueueClient;
  let stopping: AbortController;
  let working: Promise<void> | undefined;

  beforeAll(async () => {
    if (program !== undefined) azurite = await startAzurite(program);
  }, 60_000);

  afterAll(() => azurite?.stop());

  beforeEach(async () => {
    const service = QueueServiceClient.fromConnectionString(azurite.connectionString);
    const name = `test-${randomUUID()}`;
    queue = service.getQueueClient(name);
    poison = service.getQueueClient(`${name}-poison`);
    await Promise.all([queue.create(), poison.create()]);
    stopping = new AbortController();
    errors.length = 0;
    ends.length = 0;
  });

  afterEach(async () => {
    stopping.abort();
    await working;
    await Promise.all([queue.delete(), poison.delete()]);
  });

  function start(options: TurnOptions = {}, lease = 60_000): void {
    const onEnd = (ended: EndedRecord): void => void ends.push(ended);
    const turns = {token: 'test-token', schedule: () => 100, onEnd, signal: stopping.signal, ...options};
    working = work(queue, poison, turns, {lease, pause: 20, onError: (error) => errors.push(error)});
  }

  /** Waits until a condition holds. By then the test has failed anyway: otherwise jest would never end. */
  const until = (holds: () => boolean | Promise<boolean>): Promise<unknown> => pWaitFor(holds, {timeout: 50_000});

  /** How many messages are in a queue, those too that cannot be received now. */
  const messagesIn = async (of: QueueClient): Promise<number | undefined> =>
    (await of.getProperties()).approximateMessagesCount;

  test('keeps all rules of the kit', async () => {
    const report = await checkRunner('Storage Queue', () => openStorageQueue(azurite), {concurrency: 3});
    expect(formatReport([report])).not.toContain('✗');
    const skipped = report.checks.filter(({result}) => result === 'skipped').map(({name}) => name);
    expect([report.ok, skipped]).toEqual([true, ['A hint makes no poll earlier than the service allows']]);
  }, 600_000);

  test('does not lose an operation after seven days, and takes waits that are longer', async () => {
    const week = 7 * 24 * 3_600_000;
    const emulator = await startEmulator();
    const script = [{status: 'running', retryAfter: (2 * week) / 1000}];
    await add(queue, createRecord(emulator.addOperation({script}).location, {totalTimeout: 5 * week}));
    await add(queue, createRecord(emulator.addOperation().location, {initialDelay: 2 * week, totalTimeout: 5 * week}));
    const sent = await queue.peekMessages({numberOfMessages: 32});
    expect(sent.peekedMessageItems.map(({expiresOn}) => expiresOn.getUTCFullYear())).toEqual([9999]);
    start();
    await until(async () => emulator.received === 1 && (await queue.peekMessages()).peekedMessageItems.length === 0);
    expect(await messagesIn(queue)).toBe(2);
    expect(errors).toEqual([]);
  });

  test('takes as many turns as it needs: being received often makes no message poison', async () => {
    const emulator = await startEmulator({script: [{status: 'running', times: 6}, 'succeeded']});
    await add(queue, createRecord(emulator.addOperation().location, {key: 'adele', data: {name: 'Adèle \uffff'}}));
    start();
    await until(async () => ends.length === 1 && (await messagesIn(queue)) === 0);
    expect(ends[0]).toMatchObject({key: 'adele', data: {name: 'Adèle \uffff'}, outcome: {status: 'succeeded'}});
    expect(emulator.received).toBe(7);
    expect(await messagesIn(poison)).toBe(0);
    expect(errors).toEqual([]);
  });

  test.each([
    ['that is no record', Buffer.from('{"version": 1}').toString('base64'), 'RecordRefusedError'],
    ['that is no JSON', 'hello', 'SyntaxError'],
  ])('sets a message aside %s, as it is, and goes on', async (_, text, error) => {
    const emulator = await startEmulator({script: ['succeeded']});
    await queue.sendMessage(text);
    await add(queue, createRecord(emulator.addOperation().location));
    start();
    await until(async () => ends.length === 1 && (await messagesIn(queue)) === 0);
    const {peekedMessageItems} = await poison.peekMessages();
    expect(peekedMessageItems.map(({messageText}) => messageText)).toEqual([text]);
    expect(errors).toEqual([expect.objectContaining({name: error})]);
  });

  test('leaves a record to other workers whose protocol it does not have', async () => {
    const protocol = protocols.define({...protocols.longRunning, name: 'renders'});
    const emulator = await startEmulator({script: ['succeeded']});
    await add(queue, createRecord(emulator.addOperation().location, {protocol}));
    // It comes again when its lease has run out.
    start({}, 1000);
    await until(() => errors.length > 1);
    expect(errors[0]).toMatchObject({name: 'RecordRefusedError', reason: 'unknownProtocol'});
    expect([await messagesIn(queue), await messagesIn(poison)]).toEqual([1, 0]);
  });

  test('ends an operation whose answers are too large for a message, with the bound that the page names', async () => {
    const emulator = await startEmulator();
    const answers = [11_000, 60_000].map((size) => ({status: 'running', detail: 'x'.repeat(size)}));
    const [large, tooLarge] = answers.map((answer) => emulator.addOperation({script: [answer, 'succeeded']}));
    await add(queue, createRecord(large?.location ?? '', {key: 'large'}));
    await add(queue, createRecord(tooLarge?.location ?? '', {key: 'too large'}));
    start({maxResponseSize: 12_000});
    await until(() => ends.length === 2);
    const outcomes = ends.map(({key, outcome}) => [key, outcome.status]);
    expect(outcomes.sort()).toEqual([
      ['large', 'succeeded'],
      ['too large', 'abandoned'],
    ]);
    expect(readFileSync(new URL('../../docs/runner-examples.md', import.meta.url), 'utf8')).toContain(
      'maxResponseSize: 12_000',
    );
    expect(errors).toEqual([]);
  });
});
