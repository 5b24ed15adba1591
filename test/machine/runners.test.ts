import {afterEach, beforeEach, describe, expect, jest, test} from '@jest/globals';
import ky, {type KyInstance} from 'ky';
import type {JobIo} from '../../src/bullmq/take-job-turn.ts';
import {statusMachine} from '../../src/machine/machine.ts';
import {transitionsOf} from '../../src/machine/transitions.ts';
import {type OperationEvent, operationEventTypes} from '../../src/operation/events.ts';
import {type OperationStatus, statusRank} from '../../src/operation/operation.ts';
import type {TransitionTable} from '../../src/operation/watch-event.ts';
import {firstState} from '../../src/options/first-state.ts';
import * as settingsModule from '../../src/options/settings.ts';
import {OperationPoller} from '../../src/poller.ts';
import {poll} from '../../src/polling/poll.ts';
import {firstStep, step as takeStep} from '../../src/polling/step.ts';
import * as schedules from '../../src/schedule/schedules.ts';
import {wallClock} from '../../src/shared/clock.ts';
import {Listeners} from '../../src/shared/listeners.ts';
import {beginning, clockAt, location, statuses, tasks} from '../support/core.ts';
import {allTransitions, type Named, nameOf, withoutTransition, withTransitions} from './variants.ts';

// Only tests give a runner other transitions. The queue and the durable watch read their settings themselves, here with these.
let injected: TransitionTable | undefined;
jest.unstable_mockModule('../../src/options/settings.ts', () => ({
  ...settingsModule,
  readOptions: (...given: Parameters<typeof settingsModule.readOptions>) => ({
    ...settingsModule.readOptions(...given),
    transitions: injected,
  }),
}));
const {readOptions} = await import('../../src/options/settings.ts');
const {watchDurablyInRuns} = await import('../../src/durable/watch-durably.ts');
const {takeJobTurn} = await import('../../src/bullmq/take-job-turn.ts');
const {writeJob} = await import('../../src/bullmq/job.ts');
const {createRecord} = await import('../../src/runner/create-record.ts');
const {prepareTurns} = await import('../../src/runner/turn-options.ts');

beforeEach(() => {
  jest.useFakeTimers({now: beginning, doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate']});
});

afterEach(() => {
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
  injected = undefined;
});

/** A service that reports one status after the other. */
class Service {
  readonly http: KyInstance;
  requests = 0;

  constructor(reports: readonly OperationStatus[]) {
    this.http = ky.create({fetch: async () => Response.json({id: 'b', status: reports[this.requests++]})});
  }
}

const schedule = schedules.fixed(1000);
const {signal} = new AbortController();

/** Polls so many times, or until watching is over, and gives what was emitted. */
type Runner = (http: KyInstance, polls: number) => Promise<readonly OperationEvent[]>;

const byStep: Runner = async (http, polls) => {
  const settings = readOptions({protocol: tasks, http, schedule});
  const io = {settings, poll: poll.bind(undefined, settings), signal};
  let step = firstStep(firstState(location, settings, beginning), clockAt(), settings);
  const events: OperationEvent[] = [];
  for (let count = 0; count < polls && 'wait' in step.next; count++) {
    const before = step.state;
    step = await takeStep(before, io, wallClock(Date.now));
    events.push(...step.events);
    if (step.machineEvents.every(({type}) => type === 'wait')) {
      expect(step.state).toEqual({...before, dueAt: beginning + 1000});
    }
  }
  return events;
};

const byPoller: Runner = async (http, polls) => {
  const settings = readOptions({protocol: tasks, http, schedule});
  const poller = new OperationPoller(firstState(location, settings, beginning), settings);
  const events: OperationEvent[] = [];
  const byActor: OperationEvent[] = [];
  poller.on('*', (event) => events.push(event));
  poller.actor.on('*', (event) => byActor.push(event));
  for (let count = 0; count < polls; count++) {
    await jest.advanceTimersByTimeAsync(count === 0 ? 0 : 1000);
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
  expect(byActor).toEqual(events);
  expect(poller.actor.getSnapshot().value).toBe(poller.status);
  expect(poller.operation).toBe(events.at(-1)?.operation);
  const emitted = [...events];
  poller.stop();
  return emitted;
};

const byQueue: Runner = async (http, polls) => {
  const events: OperationEvent[] = [];
  const published: OperationEvent[] = [];
  const listeners: JobIo['listeners'] = new Listeners(operationEventTypes);
  listeners.add('*', (event) => events.push(event));
  const publisher = {
    publish: async (turn: {events: readonly OperationEvent[]}) => published.push(...turn.events),
  };
  const io = {
    resume: prepareTurns({http, protocols: [tasks], schedule}),
    onEnd: undefined,
    heldOrigins: async () => new Map<string, number>(),
    clock: wallClock(Date.now),
    skips: {add: () => ({delay: 0, isWorthReporting: false})},
    lockDuration: Number.POSITIVE_INFINITY,
    holds: {hold: async () => ({until: 0, isNew: false}), addJob: async () => undefined},
    publisher: publisher as unknown as JobIo['publisher'],
    backend: {addLog: async () => 1, updateProgress: async () => undefined},
    listeners,
    signal,
    onError: (error: Error) => {
      throw error;
    },
  };
  let job = writeJob(createRecord(location, {protocol: tasks}, beginning));
  for (let count = 0; count < polls; count++) {
    const done = await takeJobTurn(io, {id: 'job', data: job}, 'lock');
    if (!('dueAt' in done)) break;
    job = done.update?.job ?? job;
    jest.setSystemTime(done.dueAt);
  }
  const notable = ({type}: OperationEvent): boolean => type !== 'polled' && type !== 'waiting';
  expect(published.filter(notable).map(({type}) => type)).toEqual(events.filter(notable).map(({type}) => type));
  return events;
};

const byDurableWatch: Runner = async (http, polls) => {
  const events: OperationEvent[] = [];
  const host = {
    run: async <T>(_: string, work: () => Promise<T>) => JSON.parse(JSON.stringify(await work())) as T,
    sleep: async () => undefined,
    now: async () => beginning,
  };
  await watchDurablyInRuns(host, location, {
    protocol: tasks,
    http,
    schedule,
    onEvent: (event) => void events.push(event),
    pollsPerRun: polls,
  });
  return events;
};

/** What a runner makes of a service's reports by the transitions of a machine. */
async function run(runner: Runner, machine: Parameters<typeof transitionsOf>[0], reports: readonly OperationStatus[]) {
  injected = transitionsOf(machine);
  const service = new Service(reports);
  const events = await runner(service.http, reports.length);
  const last = events.at(-1);
  return {
    emitted: events.map(({type}) => type),
    status: last?.operation?.status,
    polls: last?.attempt,
    requests: service.requests,
  };
}

const reportTransitions = allTransitions.filter((one): one is Required<Named> => one.type === 'report');
const others = allTransitions.filter(({type}) => type !== 'report');
const cases = reportTransitions.map((one) => [nameOf(one), one] as const);

/** The report that leads from the start to a state. */
const wayTo = (from: Named['from']): readonly Required<Named>[] =>
  reportTransitions.filter((one) => from === 'running' && one.from === 'notStarted' && one.status === from);

describe.each([
  ['the step', byStep],
  ['the watch of a poller, and its actor', byPoller],
  ["the queue's turn", byQueue],
  ['the durable watch', byDurableWatch],
])('%s', (_, runner) => {
  test.each(cases)('ignores a report that the machine no longer takes, and polls on: %s', async (_, one) => {
    const {from, status} = one;
    const before = wayTo(from).map((way) => way.status);
    const end = status === 'failed' ? 'succeeded' : 'failed';
    const reports = [...before, status, status, end] as const;
    const start = before.flatMap((each) => ['polled', each, 'waiting']);
    const expected = {
      emitted: [...start, 'waiting', 'waiting', 'polled', end],
      status: end,
      polls: before.length + 1,
      requests: reports.length,
    };
    expect(await run(runner, withoutTransition(one), reports)).toEqual(expected);
    expect(await run(runner, statusMachine, reports)).not.toEqual(expected);
  });

  test.each(cases)('takes a report for which the machine gets a transition: %s', async (_, one) => {
    const {from, status} = one;
    const known = [...others, ...wayTo(from)];
    const before = wayTo(from).map((way) => way.status);
    const reports = [...before, ...statuses.filter((other) => other !== status), status];
    const start = [...before.flatMap((each) => ['polled', each, 'waiting']), ...Array<string>(4).fill('waiting')];
    const ignored = {status: before[0], polls: before.length, requests: reports.length};
    expect(await run(runner, withTransitions(known), reports)).toEqual({...ignored, emitted: [...start, 'waiting']});
    const isNew = before[0] === undefined || statusRank[status] > statusRank[before[0]];
    expect(await run(runner, withTransitions([...known, one]), reports)).toEqual({
      emitted: [...start, 'polled', ...(isNew ? [status] : []), ...(statusRank[status] < 2 ? ['waiting'] : [])],
      status,
      polls: before.length + 1,
      requests: reports.length,
    });
  });
});
