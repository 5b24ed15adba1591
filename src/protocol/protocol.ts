import type {OperationStatus} from '../operation/operation.ts';
import type {JsonPointer, JsonPointers} from './pointer.ts';
import type {ReadableAnswer, ReadOperation} from './read.ts';
import type {UrlTemplate} from './url-template.ts';

/**
 * Where to fetch a result: at the operation's `resourceLocation`; at the `location` header of the response that started
 * it, by POST or PATCH; at the `original` URL of the request that started it, by PUT or PATCH; at the operation's own
 * location with a `suffix` appended to its path; or where a URL template leads, which is a URI reference against that location,
 * with a leading slash against the client's root.
 */
export type ResultPlace = 'resourceLocation' | 'location' | 'original' | {readonly suffix: string} | UrlTemplate;

/** The request that cancels an operation, to its location unless one of `at`, `template` and `suffix` says otherwise. */
export interface CancelRequest {
  readonly method: 'DELETE' | 'POST' | 'PUT' | 'PATCH';
  /** What is appended to the path of its location, e.g. `/cancel`. */
  readonly suffix?: string | undefined;
  /** The URL, a {@link UrlTemplate} as for a result. */
  readonly template?: string | undefined;
  /** Where to find the URL in the operation. */
  readonly at?: JsonPointers | undefined;
  /** What is sent as JSON. Default: nothing. */
  readonly body?: unknown;
}

/** Where a service says how long to wait other than by `Retry-After`: in a header or, without one, in the body. */
export interface WaitPlace {
  /** The header's name. */
  readonly header?: string | undefined;
  /** The place in the body. */
  readonly at?: JsonPointers | undefined;
  /** Milliseconds or seconds. */
  readonly unit: 'ms' | 's';
}

/** The header in which a service takes its key. */
export interface TokenHeader {
  /** Its name, e.g. `X-Api-Key`. */
  readonly header: string;
  /** What comes before the key, with a space between them, e.g. `Key` or `Basic`. Default: nothing. */
  readonly scheme?: string | undefined;
}

/** A protocol as `define` takes it: with a `read`, `status` and `words` may be left out. */
export type ProtocolDefinition<Result = unknown> =
  | ProtocolFields<Result>
  | (Omit<ProtocolFields<Result>, 'status' | 'words'> &
      Partial<Pick<ProtocolFields<Result>, 'status' | 'words'>> & {
        readonly read: NonNullable<ProtocolFields<Result>['read']>;
      });

/** What `define` has returned: TypeScript leaves a protected member out of a spread, which nobody has checked. */
declare class Defined {
  protected readonly returnedByDefine: true;
}

/**
 * A protocol that `define` has checked and copied, or one that comes with the library: how a service describes its long-running operations.
 * `Result` is the type of a result, which is not checked at run time.
 */
export interface Protocol<Result = unknown> extends ProtocolFields<Result>, Defined {
  readonly locationOnly?: Protocol | undefined;
  readonly resource?: Protocol | undefined;
}

/**
 * How a service describes its long-running operations: data, plus a function where data is not enough. Fields of a response body are given
 * as JSON pointers (`/status`); of several, the first that leads to a value counts.
 */
export interface ProtocolFields<Result = unknown> {
  /** Its name; a resume token refers to the protocol by it. */
  readonly name: string;
  /** Where to find the status word. */
  readonly status: JsonPointers;
  /**
   * Where else to look for a status word, which counts only if it is one of `words`: a resource may have a status of its own
   * there. None of the places in `status`. Default: nowhere.
   */
  readonly statusIfKnown?: JsonPointers | undefined;
  /**
   * What each status word means; words are compared case-insensitively. For a service that sends `true` and `false` or
   * numbers instead of words, these are its words.
   */
  readonly words: Readonly<Record<string, OperationStatus>>;
  /**
   * What any word means that is not in `words`. Default: nothing. Either way it is reported by an `unknownStatus` event, once.
   */
  readonly otherWords?: OperationStatus | undefined;
  /**
   * What a response means that has an id but neither a status nor an error, e.g. from a service that omits `done: false`.
   * Default: nothing; it is not a valid operation.
   */
  readonly withoutStatus?: OperationStatus | undefined;
  /**
   * What a response means by its HTTP status, from 200 to 599 except 401 and 429, e.g. `{202: 'running', 200: 'succeeded'}`. Below 400 it
   * counts for a response with neither a status word nor an error. From 400 on it counts whatever the body says, before any retry or grace
   * period, and the body's error is the operation's. Where `seeOtherSucceeds` or `notFoundSucceeds` gives one a meaning, no other is
   * accepted. Default: nothing.
   */
  readonly httpStatuses?: Readonly<Record<number, OperationStatus>> | undefined;
  /** Whether a value at `error` turns a word that means succeeded into failed. Default `false`. */
  readonly errorMeansFailed?: boolean | undefined;
  /**
   * What an error with one of these codes means instead of failed, e.g. `{1: 'canceled'}`; one that means `'succeeded'` is no error.
   * Refused without `errorMeansFailed`, unless all mean succeeded, and a response without a status may be an operation. Default none.
   */
  readonly errorCodes?: Readonly<Record<string, OperationStatus>> | undefined;
  /**
   * Which codes in the body of an HTTP error mean that the service throttles, whatever the HTTP status: the response is then
   * treated as a 429. Compared case-insensitively. Default none.
   */
  readonly throttlingCodes?: readonly string[] | undefined;
  /**
   * Whether HTTP 303 means that the operation succeeded. It is not followed; its `Location` becomes the `resourceLocation`.
   * Default `false`.
   */
  readonly seeOtherSucceeds?: boolean | undefined;
  /** Whether HTTP 404 and 410 mean that the operation, the deletion of the resource, succeeded. Default `false`. */
  readonly notFoundSucceeds?: boolean | undefined;
  /** Where to find the id, a string or a whole number. Default `/id`. */
  readonly id?: JsonPointers | undefined;
  /**
   * Where to find the time of creation: a date and time, or seconds or milliseconds since 1970. Default `/createdDateTime`.
   */
  readonly createdDateTime?: JsonPointers | undefined;
  /** Where to find the time of the last change. Default `/lastActionDateTime`. */
  readonly lastActionDateTime?: JsonPointers | undefined;
  /** Where to find a text about the status. Default `/statusDetail`. */
  readonly statusDetail?: JsonPointers | undefined;
  /** Where to find the progress, a number or a string such as `'20'` or `'20%'`, from 0 to 100. Default: nowhere. */
  readonly percentComplete?: JsonPointers | undefined;
  /** Where to find the URL of the finished resource. Default `/resourceLocation`. */
  readonly resourceLocation?: JsonPointers | undefined;
  /** Where to find the result in the response itself; `''` is the whole body. Default: nowhere. */
  readonly result?: JsonPointers | '' | undefined;
  /**
   * Where to fetch a result that is not in the response: the first of these places that is known. Default
   * `'resourceLocation'`; `[]`: there is nothing to fetch.
   */
  readonly resultLocation?: ResultPlace | readonly ResultPlace[] | undefined;
  /** Where to find a failed operation's error. Default `/error`. */
  readonly error?: JsonPointers | undefined;
  /** Where to find the code of that error, if not in it. Default: in it. */
  readonly errorCode?: JsonPointers | undefined;
  /** Where to find the message of that error, if not in it. Default: in it. */
  readonly errorMessage?: JsonPointers | undefined;
  /**
   * Reads what data cannot describe: lists, counts, a word in a header. Synchronous. It gets each response but HTTP 401, 403, 429 and what
   * `throttlingCodes` say, so look at `httpStatus` first. What it returns counts, and is checked; `undefined`: the response is no
   * operation, and an HTTP error is treated as any other. If it throws, that poll has failed. Beside it, no other field says what the
   * status of a poll is, but `seeOtherSucceeds` and `notFoundSucceeds`. Default: none.
   */
  readonly read?: ((answer: ReadableAnswer) => ReadOperation<Result> | undefined) | undefined;
  /**
   * How the response that starts an operation leads to it: by `'headers'`, its `locationHeaders`; as the `'resource'` itself,
   * found under the request's URL by its id; at the `'original'` URL of the request; by a name in the body, at a JSON
   * pointer, which is resolved against the service's root; or by a URL template, a URI reference against the request's URL,
   * with a leading slash against the service's root. Default `'headers'`.
   */
  readonly start?: 'headers' | 'resource' | 'original' | JsonPointer | UrlTemplate | undefined;
  /** Headers that the request that starts an operation needs, e.g. `{prefer: 'respond-async'}`; not that of the token. Default none. */
  readonly requestHeaders?: Readonly<Record<string, string>> | undefined;
  /**
   * Headers that each poll, and each request for the result or to cancel, needs, e.g. `{'x-api-version': '2'}`; not that of the token.
   * Default none.
   */
  readonly pollHeaders?: Readonly<Record<string, string>> | undefined;
  /**
   * Whether HTTP 201 to the start means that it completed at once and there is nothing to watch; not with `start: 'resource'`. Default
   * `false`.
   */
  readonly createdMeansDone?: boolean | undefined;
  /**
   * Whether HTTP 200 or 201 to the start means that it completed at once, where no header leads to an operation and the body
   * has no status: the body is the result. Default `false`: such a start is unconfirmed.
   */
  readonly bodyMeansDone?: boolean | undefined;
  /**
   * Which response headers hold the operation's location; the first that is present counts. They are read from the response
   * that starts the operation and from later ones, which may move it. Default `['operation-location', 'location']`.
   */
  readonly locationHeaders?: readonly string[] | undefined;
  /** Which headers of later responses move the operation, if they differ. Default: the `locationHeaders`. */
  readonly moveHeaders?: readonly string[] | undefined;
  /**
   * Whether a path in a location header or at `resourceLocation` is under the root of a client, which may end with a version,
   * instead of relative to the URL that was asked; the Graph client takes all paths so. Default `false`.
   */
  readonly pathsUnderRoot?: boolean | undefined;
  /**
   * The protocol to use instead when only a `location` header leads to the operation. Without an `authorization` of its own it gets this
   * one's. Then, and where both have one name, it is called `jobs.locationOnly` if this one is `jobs`. To resume what it watches, pass this
   * one, also to a tracker, a worker and `takeTurn`. Default: this one.
   */
  readonly locationOnly?: ProtocolDefinition | undefined;
  /**
   * The protocol to use instead for the resource itself: where no header of the response to a PUT, PATCH or GET leads to an
   * operation, it is watched at the request's own URL. The rest is as for `locationOnly`. Default: this one.
   */
  readonly resource?: ProtocolDefinition | undefined;
  /**
   * How to cancel the operation: by a request of this method to its location, with a `suffix` appended to its path, or elsewhere
   * on its origin. Default: the service does not support it.
   */
  readonly cancel?: CancelRequest | undefined;
  /**
   * How requests carry the option `token`: as a bearer token; in a header of the service's own, e.g. `{header: 'X-Api-Key'}` or
   * `{header: 'Authorization', scheme: 'Key'}`, where it is guarded as a bearer token is; or, with `'none'`, never: locations
   * are then treated as capabilities, since whoever has one can read the operation. Default `'bearer'`.
   */
  readonly authorization?: 'bearer' | 'none' | TokenHeader | undefined;
  /** Whether a response may move the operation to a foreign origin, to which no token is sent. Default `false`. */
  readonly foreignHosts?: boolean | undefined;
  /** The shortest wait, in milliseconds, that the service allows unless a response says otherwise. Default 0. */
  readonly minimumInterval?: number | undefined;
  /**
   * The longest wait, in milliseconds, that the service allows unless a response says otherwise; not shorter than
   * `minimumInterval`. Default: none.
   */
  readonly maximumInterval?: number | undefined;
  /** Where the service says how long to wait, where a response has no `Retry-After`, e.g. `{at: '/pollAfter', unit: 's'}`. Default: nowhere. */
  readonly retryAfter?: WaitPlace | undefined;
  /** The default of `requestTimeout` for this protocol, in milliseconds: for services that answer late on purpose. */
  readonly requestTimeout?: number | undefined;
  /** The default of `totalTimeout` for this protocol, in milliseconds. Default 15 minutes. */
  readonly totalTimeout?: number | undefined;
}
