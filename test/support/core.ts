import type {Operation, OperationStatus} from '../../src/operation/operation.ts';
import {PollError, type PollErrorFacts} from '../../src/operation/poll-error.ts';
import type {WatchState} from '../../src/operation/state.ts';
import {firstState} from '../../src/options/first-state.ts';
import type {PollOptions} from '../../src/options/poll-options.ts';
import {readOptions} from '../../src/options/settings.ts';
import {defineProtocol} from '../../src/protocol/define-protocol.ts';
import {parseOperation} from '../../src/protocol/parse-operation.ts';
import type {Protocol} from '../../src/protocol/protocol.ts';
import {protocolReader} from '../../src/protocol/protocol-reader.ts';
import {type Clock, wallClock} from '../../src/shared/clock.ts';

/** Where the operation of these tests is. */
export const location = "https://graph.example/beta/users('a')/operations/b?aadgdc=BY01P&aadgsu=ssprprod-a";

/** What a request has besides its location and limits. */
export const get = {
  method: 'GET',
  json: undefined,
  takesText: false,
  headers: undefined,
  operationLocation: undefined,
  requestTimeout: undefined,
} as const;

/** When its watch begins. */
export const beginning: number = Date.UTC(2020, 2, 19, 12);

/** The clock of a test, so many milliseconds after {@link beginning}. */
export const clockAt = (elapsed = 0): Clock => wallClock(() => beginning + elapsed);

export const statuses: readonly OperationStatus[] = ['notStarted', 'running', 'succeeded', 'failed', 'canceled'];

/** A protocol with every field that an operation can have. */
export const tasks: Protocol = defineProtocol({
  name: 'tasks',
  status: '/status',
  words: {
    notStarted: 'notStarted',
    running: 'running',
    succeeded: 'succeeded',
    failed: 'failed',
    canceled: 'canceled',
  },
  percentComplete: '/percentComplete',
  result: '/result',
});

/** The operation that {@link tasks} reads from this body. */
export function operationOf<Status extends OperationStatus>(
  status: Status,
  body: Readonly<Record<string, unknown>> = {},
): Extract<Operation, {readonly status: Status}> {
  const parsed = parseOperation({json: {id: 'b', status, ...body}}, protocolReader(tasks));
  if (parsed.is !== 'operation') throw new Error(`The test's body is no operation: ${JSON.stringify(parsed)}`);
  return parsed.operation as Extract<Operation, {readonly status: Status}>;
}

/** The state of a watch of {@link tasks} that begins at {@link beginning}. */
export function stateOf(changes: Partial<WatchState> = {}, options: PollOptions = {}): WatchState {
  return {...firstState(location, readOptions({protocol: tasks, ...options}), beginning), ...changes};
}

/** A failed request. */
export function pollError(httpStatus: number | undefined, facts: Partial<PollErrorFacts> = {}): PollError {
  const known = {kind: httpStatus === undefined ? 'network' : 'http', transient: true} as const;
  const answer = httpStatus === undefined ? undefined : {httpStatus, clientRequestId: 'client-request'};
  return new PollError(httpStatus === undefined ? 'No answer' : `It answered ${httpStatus}`, {
    ...known,
    answer,
    ...facts,
  });
}

/** What a function throws. */
export function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('Expected it to throw');
}
