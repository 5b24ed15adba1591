import {jest} from '@jest/globals';
import ky, {type KyInstance} from 'ky';
import type {Outcome} from 'operation-poller';
import type {Journal} from './journal.ts';

/** What the service answers to a request. */
export interface TransportResponse {
  readonly http?: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** No answer: the connection fails. */
  readonly fails?: true;
}

/** An operation's answer. */
export const says = (status: string, fields: object = {}): TransportResponse => ({body: {id: 'b', status, ...fields}});

/** A service behind ky. What it answers depends on the number of polls recorded so far, because a GET changes nothing. */
export function service(
  answer: (recorded: number, request: Request) => TransportResponse,
  journal: Journal,
): KyInstance {
  return ky.create({
    fetch: async (input, init) => {
      const request = new Request(input, init);
      const {http = 200, body, headers, fails} = answer(journal.polls, request);
      if (fails) throw new TypeError('fetch failed', {cause: Object.assign(new Error('gone'), {code: 'ECONNRESET'})});
      return new Response(typeof body === 'string' ? body : JSON.stringify(body), {
        status: http,
        headers: {...headers},
      });
    },
  });
}

/** Takes the time from the journal, and random numbers from its length, until `jest.restoreAllMocks()`. */
export function settle(journal: Journal): void {
  jest.spyOn(Date, 'now').mockImplementation(() => journal.now);
  jest.spyOn(performance, 'now').mockImplementation(() => journal.now);
  jest.spyOn(Math, 'random').mockImplementation(() => ((journal.entries.length * 7919) % 1000) / 1000);
  jest.spyOn(crypto, 'randomUUID').mockReturnValue('00000000-0000-4000-8000-000000000000');
}

/** All that an outcome says, to be compared. */
export function factsOf(outcome: Outcome): object {
  if (outcome.status === 'succeeded') return outcome;
  const {error, ...rest} = outcome;
  const {cause} = error;
  const own = Object.fromEntries(Object.entries(error));
  const because =
    cause instanceof Error ? {...Object.fromEntries(Object.entries(cause)), message: cause.message} : cause;
  return {...rest, error: {...own, message: error.message, resumeToken: error.resumeToken, cause: because}};
}
