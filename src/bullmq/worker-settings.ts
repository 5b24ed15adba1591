import {partsOf} from '../graph/client-parts.ts';
import type {GraphClient} from '../graph/graph-client.ts';
import type {WatchState} from '../operation/state.ts';
import type {PollOptions} from '../options/poll-options.ts';
import {readOptions, type Settings} from '../options/settings.ts';
import {protocolNamed} from '../protocol/presets.ts';
import type {Protocol} from '../protocol/protocol.ts';
import {JobSkippedError} from './job-skipped-error.ts';

/** The options of a poller that a worker takes too. */
export type WorkerPollOptions = Pick<
  PollOptions,
  'schedule' | 'requestTimeout' | 'unknownStatus' | 'notFoundGrace' | 'stalledAfter' | 'trustedOrigins'
> & {
  /**
   * How many polls in a row may fail. Default 20: a poll of a worker is one request, because no place is held while it
   * waits to try again; a poller's five polls of up to four requests are as many.
   */
  readonly consecutiveFailures?: number | undefined;
};

/** Where a worker's requests go through. */
export interface WorkerTransport {
  readonly token?: PollOptions['token'];
  readonly http?: PollOptions['http'];
  readonly graph?: GraphClient | undefined;
  readonly protocols?: readonly Protocol[] | undefined;
}

const manyFailures = 20;

/** How to poll the operations of each protocol. */
export class WorkerSettings {
  /** How long a request may take, in milliseconds. */
  readonly requestTimeout: number;
  readonly #make: (protocol: Protocol) => Settings;
  readonly #protocols = new Map<string, Protocol>();
  readonly #made = new Map<string, Settings>();
  readonly #root: string | undefined;

  /** @throws TypeError or RangeError when an option is not as it should be; the message names it */
  constructor(
    {token, http, graph, protocols = []}: WorkerTransport,
    {consecutiveFailures = manyFailures, ...options}: WorkerPollOptions,
  ) {
    const given: PollOptions = {...options, consecutiveFailures, retry: {retries: 0}};
    if (graph === undefined) {
      this.#make = (protocol) => readOptions({...given, token, http, protocol});
    } else {
      const parts = partsOf(graph);
      if (parts === undefined) throw new TypeError('graph: expected a client made by createGraphClient');
      if (token !== undefined) throw new TypeError("token: it is the Graph client's; give one of the two");
      if (http !== undefined) throw new TypeError("http: it is the Graph client's; give one of the two");
      this.#root = graph.root;
      const {transport} = parts;
      this.#make = (protocol) => readOptions({...given, token: parts.token, protocol}, {transport});
    }
    if (!Array.isArray(protocols)) throw new TypeError('protocols: expected a list of protocols');
    for (const protocol of protocols) {
      this.#made.set(protocol?.name, this.#make(protocol));
      this.#protocols.set(protocol.name, protocol);
    }
    // The options are checked now, with whatever protocol.
    this.requestTimeout = readOptions({...given, token, http}).requestTimeout;
  }

  /**
   * How to poll an operation, and the state to go on from.
   *
   * @throws JobSkippedError
   */
  of(id: string, state: WatchState): {readonly settings: Settings; readonly state: WatchState} {
    const settings = this.#of(state.protocol);
    if (settings === undefined) {
      const name = JSON.stringify(state.protocol.slice(0, 40));
      const message = `Job ${id} was left alone: this worker has no protocol ${name}`;
      throw new JobSkippedError(message, id, 'unknownProtocol', state.protocol);
    }
    if (this.#root === undefined) return {settings, state};
    // As the client itself does it: the token belongs to its root, wherever a location leads.
    const {sendsToken, foreignHosts} = settings.reader;
    const {tokenOrigin} = state;
    if (!sendsToken || tokenOrigin === this.#root) return {settings, state};
    if (foreignHosts || settings.trustedOrigins.has(tokenOrigin))
      return {settings, state: {...state, tokenOrigin: this.#root}};
    const message = `Job ${id} was left alone: its operation is on ${tokenOrigin}, the Graph client's root is ${this.#root}`;
    throw new JobSkippedError(message, id, 'foreignOrigin', state.protocol);
  }

  #of(name: string): Settings | undefined {
    const made = this.#made.get(name);
    if (made !== undefined) return made;
    const protocol = this.#protocols.get(name) ?? protocolNamed(name);
    if (protocol === undefined) return undefined;
    const settings = this.#make(protocol);
    this.#made.set(name, settings);
    return settings;
  }
}
