import {isOperationStatus, type OperationStatus} from '../operation.ts';
import {type JsonPointers, type PointerPath, pointerPaths} from './pointer.ts';

/**
 * How a service words its long-running operations: data only. Places in an answer's body are JSON pointers
 * (`/status`); of several the first that holds something counts.
 */
export interface Protocol {
  /** Its name; a resume token refers to the protocol by it. */
  readonly name: string;
  /** Where the status word stands. */
  readonly status: JsonPointers;
  /** Which word means which status; words are compared without regard to case. */
  readonly words: Readonly<Record<string, OperationStatus>>;
  /** Where the id stands. Default `/id`. */
  readonly id?: JsonPointers;
  /** Where the time of creation stands. Default `/createdDateTime`. */
  readonly createdDateTime?: JsonPointers;
  /** Where the time of the last change stands. Default `/lastActionDateTime`. */
  readonly lastActionDateTime?: JsonPointers;
  /** Where a text about the status stands. Default `/statusDetail`. */
  readonly statusDetail?: JsonPointers;
  /** Where the progress stands, a number or numeric text from 0 to 100. Default: nowhere. */
  readonly percentComplete?: JsonPointers;
  /** Where the finished resource's address stands. Default `/resourceLocation`. */
  readonly resourceLocation?: JsonPointers;
  /** Where the result stands in the answer itself. Default: nowhere. */
  readonly result?: JsonPointers;
  /** Where a failed operation's error stands. Default `/error`. */
  readonly error?: JsonPointers;
  /**
   * Which headers of an answer name the operation's location, the first that is there counts: of the answer that starts
   * it, and of later answers that move it. Default `['operation-location', 'location']`.
   */
  readonly locationHeaders?: readonly string[];
  /** Whether requests carry the bearer token. `'none'`: never, and locations are taken for capabilities. Default `'bearer'`. */
  readonly authorization?: 'bearer' | 'none';
  /** Whether an answer may move the operation to a foreign origin, where no token is sent. Default `false`. */
  readonly foreignHosts?: boolean;
  /** The shortest wait, in milliseconds, that the service allows unless it says otherwise itself. Default 0. */
  readonly minimumInterval?: number;
  /** The default of `totalTimeout` for this protocol, in milliseconds. Default 15 minutes. */
  readonly totalTimeout?: number;
}

/** A protocol made ready for reading. */
export interface ProtocolReader {
  readonly protocol: Protocol;
  readonly words: ReadonlyMap<string, OperationStatus>;
  readonly status: readonly PointerPath[];
  readonly id: readonly PointerPath[];
  readonly createdDateTime: readonly PointerPath[];
  readonly lastActionDateTime: readonly PointerPath[];
  readonly statusDetail: readonly PointerPath[];
  readonly percentComplete: readonly PointerPath[];
  readonly resourceLocation: readonly PointerPath[];
  readonly result: readonly PointerPath[];
  readonly error: readonly PointerPath[];
  readonly locationHeaders: readonly string[];
  readonly sendsToken: boolean;
  readonly foreignHosts: boolean;
  readonly minimumInterval: number;
}

/**
 * Defines a protocol for {@link pollOperation}'s `protocol` option.
 *
 * @param protocol what the service's answers look like; a word without a status does not compile
 * @returns the same, checked and frozen
 * @throws TypeError or RangeError that names the field, what it holds and what it takes
 *
 * @example
 * ```ts
 * const renders = protocols.define({
 *   name: 'renders',
 *   status: '/state',
 *   words: {queued: 'notStarted', rendering: 'running', done: 'succeeded', broken: 'failed'},
 *   percentComplete: '/progress',
 *   result: '/image',
 * });
 * ```
 */
export function defineProtocol(protocol: Protocol): Protocol {
  check(protocol);
  const copy: Protocol = structuredClone(protocol);
  for (const value of Object.values(copy)) Object.freeze(value);
  Object.freeze(copy);
  protocolReader(copy);
  return copy;
}

const readers = new WeakMap<Protocol, ProtocolReader>();

/** Makes a protocol ready for reading, once; throws as {@link defineProtocol} does. */
export function protocolReader(protocol: Protocol): ProtocolReader {
  const known = readers.get(protocol);
  if (known !== undefined) return known;
  check(protocol);
  const reader: ProtocolReader = {
    protocol,
    words: new Map(Object.entries(protocol.words).map(([word, status]) => [word.toLowerCase(), status])),
    status: pointerPaths(protocol.status),
    id: pointerPaths(protocol.id ?? '/id'),
    createdDateTime: pointerPaths(protocol.createdDateTime ?? '/createdDateTime'),
    lastActionDateTime: pointerPaths(protocol.lastActionDateTime ?? '/lastActionDateTime'),
    statusDetail: pointerPaths(protocol.statusDetail ?? '/statusDetail'),
    percentComplete: pointerPaths(protocol.percentComplete),
    resourceLocation: pointerPaths(protocol.resourceLocation ?? '/resourceLocation'),
    result: pointerPaths(protocol.result),
    error: pointerPaths(protocol.error ?? '/error'),
    locationHeaders: protocol.locationHeaders ?? ['operation-location', 'location'],
    sendsToken: protocol.authorization !== 'none',
    foreignHosts: protocol.foreignHosts ?? false,
    minimumInterval: protocol.minimumInterval ?? 0,
  };
  readers.set(protocol, reader);
  return reader;
}

const pointerFields = [
  'status',
  'id',
  'createdDateTime',
  'lastActionDateTime',
  'statusDetail',
  'percentComplete',
  'resourceLocation',
  'result',
  'error',
] as const;

const otherFields = [
  'name',
  'words',
  'locationHeaders',
  'authorization',
  'foreignHosts',
  'minimumInterval',
  'totalTimeout',
] as const;

const fields: ReadonlySet<string> = new Set([...pointerFields, ...otherFields]);

// The compiler checks all this for TypeScript; protocols also come from JavaScript and from JSON files.
function check(protocol: Protocol): void {
  if (typeof protocol !== 'object' || protocol === null) {
    throw new TypeError(`protocol: expected a protocol such as protocols.longRunning, got ${describe(protocol)}`);
  }
  const expect = (holds: boolean, field: string, takes: string, got: unknown): void => {
    if (!holds) throw new TypeError(`protocol.${field}: expected ${takes}, got ${describe(got)}`);
  };
  for (const field of Object.keys(protocol)) {
    expect(
      fields.has(field),
      field,
      `no such field; there are ${[...fields].join(', ')}`,
      Reflect.get(protocol, field),
    );
  }
  expect(typeof protocol.name === 'string' && protocol.name !== '', 'name', 'a text that is not empty', protocol.name);
  for (const field of pointerFields) {
    const pointers: unknown = protocol[field];
    if (pointers === undefined && field !== 'status') continue;
    const list: readonly unknown[] = Array.isArray(pointers) ? pointers : [pointers];
    const holds = list.length > 0 && list.every((pointer) => typeof pointer === 'string' && pointer.startsWith('/'));
    expect(holds, field, "JSON pointers such as '/status'", pointers);
  }
  checkWords(protocol.words, expect);
  const {locationHeaders, authorization, foreignHosts} = protocol;
  if (locationHeaders !== undefined) {
    const holds = Array.isArray(locationHeaders) && locationHeaders.every((header) => typeof header === 'string');
    expect(holds, 'locationHeaders', 'a list of header names', locationHeaders);
  }
  expect([undefined, 'bearer', 'none'].includes(authorization), 'authorization', "'bearer' or 'none'", authorization);
  expect([undefined, true, false].includes(foreignHosts), 'foreignHosts', 'true or false', foreignHosts);
  for (const field of ['minimumInterval', 'totalTimeout'] as const) {
    const value: unknown = protocol[field];
    if (value === undefined) continue;
    expect(typeof value === 'number', field, 'milliseconds', value);
    if (!(Number(value) >= 0 && Number(value) <= Number.MAX_SAFE_INTEGER)) {
      throw new RangeError(`protocol.${field}: expected milliseconds from 0 on, got ${describe(value)}`);
    }
  }
}

type Expect = (holds: boolean, field: string, takes: string, got: unknown) => void;

function checkWords(words: unknown, expect: Expect): void {
  expect(typeof words === 'object' && words !== null, 'words', 'a status for each word', words);
  const seen = new Map<string, unknown>();
  for (const [word, status] of Object.entries(words as object)) {
    expect(isOperationStatus(status), `words.${word}`, 'notStarted, running, succeeded, failed or canceled', status);
    const key = word.toLowerCase();
    const clash = seen.has(key) && seen.get(key) !== status;
    expect(
      !clash,
      `words.${word}`,
      `the status that the same word has in another case, ${String(seen.get(key))}`,
      status,
    );
    seen.set(key, status);
  }
  expect([...seen.values()].includes('succeeded'), 'words', 'a word that means succeeded', words);
}

function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(describe).join(', ')}]`;
  return typeof value === 'object' && value !== null ? `{${Object.keys(value).join(', ')}}` : String(value);
}
