import {partsOf} from '../client/client-parts.ts';
import type {OperationClient} from '../client/operation-client.ts';
import {sharedSettings} from '../client/operation-settings.ts';
import {withTokenOrigin} from '../client/token-origin.ts';
import {whyKeyIsMissing} from '../http/key-placeholders.ts';
import type {Outcome} from '../operation/outcome.ts';
import type {WatchState} from '../operation/state.ts';
import {checkClient, checkOneTransport} from '../options/client-option.ts';
import {exposesToken, isOnForeignOrigin} from '../options/first-state.ts';
import type {PollOptions} from '../options/poll-options.ts';
import {pollOptionChecks, readOptions, type Settings, type WatchSetup} from '../options/settings.ts';
import {checkDefined} from '../protocol/define-preset.ts';
import {protocolNamed} from '../protocol/presets.ts';
import type {Protocol} from '../protocol/protocol.ts';
import {protocolAmong} from '../protocol/start.ts';
import {type Checks, checkFunction, checkOptions, describeValue, expected} from '../shared/check-options.ts';
import {whyInsecure} from '../shared/location.ts';
import {checkTime} from './outcome-json.ts';
import {RecordRefusedError} from './record-refused-error.ts';

/** What `onEnd` gets. */
export interface EndedRecord<Data = unknown, Result = unknown> {
  /** The record's id, the same at each call, so that you can tell what has been done already. */
  readonly id: string;
  readonly key: string;
  /** How watching ended, abandoned watches included. */
  readonly outcome: Outcome<Result>;
  /** What was given with the operation, if anything. */
  readonly data: Data | undefined;
  /** Aborts when the runner gives up this turn. */
  readonly signal: AbortSignal;
}

/**
 * The options of {@link takeTurn}: those of a poller apply to all records. `Result` is the type of the results, which is not checked at run
 * time: that of the `protocols`, and a union where there are several.
 */
export interface TurnOptions<Data = unknown, Result = unknown>
  extends Omit<PollOptions, 'protocol' | 'retry' | 'totalTimeout' | 'initialDelay'> {
  /** A client, of Graph or any service, in place of `token` and `http`: polls go through its gate and limits. */
  readonly client?: OperationClient | undefined;
  /** Protocols of your own, besides the library's: records refer to them by name. */
  readonly protocols?: readonly Protocol<Result>[] | undefined;
  /**
   * Called with how a watch ended, at least once for each record: again after a rejection, after 1 s growing to 60 s, and again after
   * a crash. Default: none, and a record is done as soon as its watch is over.
   */
  readonly onEnd?: ((ended: EndedRecord<Data, Result>) => unknown) | undefined;
  /** Until when the runner holds back the requests to the operation's origin, in milliseconds since 1970. Default: it does not. */
  readonly heldUntil?: number | undefined;
  /** Ends the turn: it rejects with the signal's reason, and the record stays as it is. An `onEnd` that is running is left behind. */
  readonly signal?: AbortSignal | undefined;
  /** How many polls must fail in a row to end watching. Default 20: a poll is one request, because a turn does not wait to repeat one. */
  readonly consecutiveFailures?: number | undefined;
}

const {protocol: _, retry, totalTimeout, initialDelay, ...pollChecks} = pollOptionChecks;

export const turnChecks = {
  ...pollChecks,
  client: checkClient,
  protocols: checkProtocols,
  onEnd: checkFunction,
  heldUntil: checkTime,
} satisfies Checks<TurnOptions>;

/** Checks each of them, whichever a record is of. */
function checkProtocols(name: string, protocols: unknown): void {
  if (!Array.isArray(protocols)) throw expected(name, 'a list of protocols', describeValue(protocols));
  for (const protocol of protocols) checkDefined(protocol);
}

/** @returns their own properties. @throws TypeError or RangeError that names the option, what it takes and what it got */
export function checkTurnOptions<Options extends TurnOptions<never>>(options: Options): Options {
  const own = checkOptions(options, turnChecks);
  checkOneTransport(own);
  return own;
}

/**
 * Refuses wrong options when a runner is made, not at its first turn.
 *
 * @throws TypeError or RangeError that names the option
 */
export function readTurnOptions(options: TurnOptions<never>): Pick<Settings, 'requestTimeout'> {
  checkOneTransport(options);
  const {client, requestTimeout, trustedOrigins, token = client && partsOf(client)?.token} = options;
  return readOptions({requestTimeout, trustedOrigins, token});
}

/** How to poll the operation of a record, and the state to go on from. @throws RecordRefusedError where there is no way to */
export type ResumeRecord = (id: string, state: WatchState) => WatchSetup;

/** Prepares the settings of turns, once for each protocol. @throws TypeError or RangeError that names the option */
export function prepareTurns(options: Omit<TurnOptions<never>, 'heldUntil' | 'signal'>): ResumeRecord {
  const {client, protocols = [], onEnd, consecutiveFailures = 20, token, http, ...others} = options;
  const parts = client === undefined ? undefined : partsOf(client);
  const byProtocol = new Map<string, Settings>();

  const settingsOf = (id: string, name: string): Settings => {
    const known = byProtocol.get(name);
    if (known !== undefined) return known;
    const protocol = protocolAmong(protocols, name) ?? protocolNamed(name);
    if (protocol === undefined) {
      // Whoever can write to the store can make the name as long as they like.
      const why = `token.protocol: there is none named ${JSON.stringify(name.slice(0, 40))} here; give it among protocols`;
      throw new RecordRefusedError(why, id, 'unknownProtocol');
    }
    const pollOptions: PollOptions = {...others, consecutiveFailures, retry: {retries: 0}, protocol};
    const settings =
      parts === undefined
        ? readOptions({...pollOptions, token, http})
        : readOptions({...pollOptions, token: parts.token}, sharedSettings(parts, protocol));
    byProtocol.set(name, settings);
    return settings;
  };
  return (id, state) => {
    const settings = settingsOf(id, state.protocol);
    const refuse = (why: string): RecordRefusedError => new RecordRefusedError(why, id, 'foreignOrigin');
    const missing = whyKeyIsMissing(state, parts?.keys);
    if (missing !== undefined) throw refuse(`token: ${missing}`);
    // The common case is seen without parsing it.
    const plain = state.location.startsWith('https:') ? undefined : new URL(state.location);
    if (plain !== undefined && exposesToken(plain, settings)) throw refuse(`token.location: ${whyInsecure(plain)}`);
    const isForeign = parts === undefined && isOnForeignOrigin(state, settings);
    const ours = parts === undefined ? state : withTokenOrigin(state, parts, settings);
    if (ours !== undefined && !isForeign) return {state: ours, settings};
    const {origin} = new URL(state.location);
    const because = parts === undefined ? 'no token goes there' : `the client's origin is ${parts.origin}`;
    throw refuse(`token.location: it is on ${origin}, and ${because}`);
  };
}
