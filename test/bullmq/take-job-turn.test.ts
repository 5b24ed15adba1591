import {afterEach, expect, jest, test} from '@jest/globals';
import ky from 'ky';
import {type JobData, writeJob} from '../../src/bullmq/job.ts';
import {type JobIo, takeJobTurn} from '../../src/bullmq/take-job-turn.ts';
import {operationEventTypes} from '../../src/operation/events.ts';
import {createRecord} from '../../src/runner/create-record.ts';
import {prepareTurns} from '../../src/runner/turn-options.ts';
import {Listeners} from '../../src/shared/listeners.ts';
import {beginning, location} from '../support/core.ts';

afterEach(() => void jest.useRealTimers());

/** Takes the turn of a job at a time, without Redis. */
async function turnAt(time: number | (() => number), data: JobData) {
  const now = typeof time === 'number' ? () => time : time;
  let requests = 0;
  let answeredAt = Number.NaN;
  const http = ky.create({
    fetch: async () => {
      requests += 1;
      answeredAt = Date.now();
      return Response.json({status: 'running'});
    },
  });
  const io = {
    resume: prepareTurns({http, schedule: () => 60_000}),
    onEnd: undefined,
    heldOrigins: async () => new Map<string, number>(),
    clock: {now},
    skips: {add: () => ({delay: 0, isWorthReporting: false})},
    lockDuration: Number.POSITIVE_INFINITY,
    holds: {hold: async () => ({until: 0, isNew: false}), addJob: async () => undefined},
    backend: {addLog: async () => 1, updateProgress: async () => undefined},
    publisher: {publish: async () => undefined},
    listeners: new Listeners(operationEventTypes),
    signal: new AbortController().signal,
    onError: (error: Error) => {
      throw error;
    },
  } satisfies JobIo;
  const done = await takeJobTurn(io, {id: 'op-1', data}, 'lock');
  if (!('dueAt' in done)) throw new Error('It is over');
  const {dueAt, update} = done;
  return {dueAt, wait: dueAt - answeredAt, requests, ...update};
}

const waiting = writeJob(createRecord(location, {initialDelay: 60_000}, beginning));
const told: JobData = {...waiting, token: {...waiting.token, notBefore: waiting.token.dueAt}};
const dueAt = beginning + 60_000;

test('a turn that comes too early changes nothing', async () => {
  expect(await turnAt(beginning, waiting)).toEqual({dueAt, wait: Number.NaN, requests: 0});
});

test('a hint ends a wait once, and one that the service asked for not at all: the mark is gone after it', async () => {
  const polled = await turnAt(beginning, {...waiting, woken: 'hint'});
  expect(polled).toMatchObject({requests: 1, job: {token: {attempt: 1}}});
  expect(polled.job).not.toHaveProperty('woken');
  expect(await turnAt(beginning, {...told, woken: 'hint'})).toMatchObject({dueAt, job: told, requests: 0});
});

test('a lifted hold ends any wait', async () => {
  const polled = await turnAt(beginning, {...told, woken: 'release'});
  expect(polled).toMatchObject({requests: 1, job: {token: {attempt: 1}}});
  expect(polled.job).not.toHaveProperty('woken');
});

test('a process that is stopped before, while or after it reads the time polls no earlier than it was asked to', async () => {
  jest.useFakeTimers({now: dueAt, doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate']});
  const stop = (): void => void jest.advanceTimersByTime(40);
  const stoppedAfter: JobData = {
    ...waiting,
    get token() {
      stop();
      return waiting.token;
    },
  };
  expect(await turnAt(Date.now, stoppedAfter)).toMatchObject({wait: 60_000, requests: 1});
  const readThenStop = (): number => {
    const time = Date.now();
    stop();
    return time;
  };
  expect(await turnAt(readThenStop, waiting)).toMatchObject({wait: 60_000, requests: 1});
  const stopThenRead = (): number => {
    stop();
    return Date.now();
  };
  expect(await turnAt(stopThenRead, waiting)).toMatchObject({wait: 60_040, requests: 1});
  jest.setSystemTime(dueAt - 60);
  expect(await turnAt(stopThenRead, waiting)).toMatchObject({dueAt, requests: 0});
});
