import {partsOf} from '../client/client-parts.ts';
import type {OperationClient} from '../client/operation-client.ts';
import {sharedSettings} from '../client/operation-settings.ts';
import {withTokenOrigin} from '../client/token-origin.ts';
import type {WatchState} from '../operation/state.ts';
import type {PollOptions} from '../options/poll-options.ts';
import {readOptions, type Settings} from '../options/settings.ts';
import {protocolNamed} from '../protocol/presets.ts';
import type {Protocol} from '../protocol/protocol.ts';
import {JobSkippedError} from './job-skipped-error.ts';

/** The options of a poller that a worker takes too. `maxRetryAfter` limits how long an origin is held back, too. */
export type WorkerPollOptions = Pick<
  PollOptions,
  | 'schedule'
  | 'requestTimeout'
  | 'maxResponseSize'
  | 'maxRetryAfter'
  | 'unknownStatus'
  | 'notFoundGrace'
  | 'stalledAfter'
  | 'trustedOrigins'
> & {
  /**
   * How many polls in a row may fail. Default 20: a poll of a worker is one request, because a job takes no place while it
   * waits for a retry; a poller's five polls of up to four requests are as many.
   */
  readonly consecutiveFailures?: number | undefined;
};

/** What a worker's requests go through. */
export interface WorkerTransport {
  readonly token?: PollOptions['token'];
  readonly http?: PollOptions['http'];
  readonly client?: OperationClient | undefined;
  /** Another name of `client`. */
  readonly graph?: OperationClient | undefined;
  readonly protocols?: readonly Protocol[] | undefined;
}

const defaultFailures = 20;

/** How to poll the operations of each protocol. */
export class WorkerSettings {
  /** How long a request may take, in milliseconds. */
  readonly requestTimeout: number;
  readonly #create: (protocol: Protocol) => Settings;
  readonly #byProtocol = new Map<string, Settings>();
  readonly #root: string | undefined;

  /** @throws TypeError or RangeError when an option is invalid; the message names it */
  constructor(
    {token, http, client: given, graph, protocols = []}: WorkerTransport,
    {consecutiveFailures = defaultFailures, ...others}: WorkerPollOptions,
  ) {
    const options: PollOptions = {...others, consecutiveFailures, retry: {retries: 0}};
    const name = given === undefined ? 'graph' : 'client';
    if (given !== undefined && graph !== undefined)
      throw new TypeError('graph: the client is given; give one of the two');
    const client = given ?? graph;
    if (client === undefined) {
      this.#create = (protocol) => readOptions({...options, token, http, protocol});
    } else {
      const parts = partsOf(client);
      if (parts === undefined) throw new TypeError(`${name}: expected a client of this package`);
      const kind = name === 'graph' ? 'Graph client' : 'client';
      for (const [option, value] of Object.entries({token, http})) {
        if (value !== undefined) throw new TypeError(`${option}: the ${kind} has its own; give one of the two`);
      }
      this.#root = parts.origin;
      this.#create = (protocol) =>
        readOptions({...options, token: parts.token, protocol}, sharedSettings(parts, protocol));
    }
    for (const protocol of protocols) {
      const settings = this.#create(protocol);
      this.#byProtocol.set(protocol.name, settings);
    }
    // So that wrong options are refused now, not at the first job.
    this.requestTimeout = readOptions({...options, token, http}).requestTimeout;
  }

  /**
   * How to poll an operation, and the state to go on from.
   *
   * @throws JobSkippedError
   */
  of(id: string, state: WatchState): {readonly settings: Settings; readonly state: WatchState} {
    const settings = this.#of(state.protocol);
    if (settings === undefined) {
      // Whoever can write to Redis can make the name as long as they like.
      const why = `this worker has no protocol ${JSON.stringify(state.protocol.slice(0, 40))}`;
      throw new JobSkippedError(why, id, 'unknownProtocol', state.protocol);
    }
    if (this.#root === undefined) return {settings, state};
    const ours = withTokenOrigin(state, this.#root, settings);
    if (ours !== undefined) return {settings, state: ours};
    const why = `its operation is on ${new URL(state.location).origin}, the client's origin is ${this.#root}`;
    throw new JobSkippedError(why, id, 'foreignOrigin', state.protocol);
  }

  #of(name: string): Settings | undefined {
    const known = this.#byProtocol.get(name);
    if (known !== undefined) return known;
    const protocol = protocolNamed(name);
    if (protocol === undefined) return undefined;
    const settings = this.#create(protocol);
    this.#byProtocol.set(name, settings);
    return settings;
  }
}
