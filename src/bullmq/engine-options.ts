import {emitWarning} from 'node:process';
import {type ConnectionOptions, isRedisInstance} from 'bullmq';
import {
  type Check,
  type Checks,
  checkForm,
  checkFunction,
  checkNonEmptyString,
  checkOptions,
  checkRange,
  describeValue,
  expected,
} from '../shared/check-options.ts';
import {type Fields, isObject} from '../shared/json.ts';
import {neverThrowing} from '../shared/report-error.ts';

/** What queue, worker and events have in common: which BullMQ queue on which Redis. */
export interface EngineOptions {
  /** The queue's name: the same for the queue, its workers and its events. Without `:`. */
  readonly name: string;
  /**
   * BullMQ's `connection`: options such as `{host, port}`, from which each of its parts makes connections of its own, or a
   * client of ioredis, made with `maxRetriesPerRequest: null`, that is shared and stays yours to close; a queue that only adds may have one
   * with retries. A `Cluster` of ioredis needs that in its `redisOptions`, and a `prefix` with a hash tag. Neither may have ioredis' own
   * `keyPrefix`.
   */
  readonly connection: ConnectionOptions;
  /** What all keys in Redis begin with. Default `'bull'`. A Redis Cluster needs braces around it, `'{bull}'`: a hash tag. */
  readonly prefix?: string | undefined;
  /**
   * Called with each problem that ends no watch, e.g. when Redis is unavailable for a while, or with a {@link JobSkippedError}.
   * Default: a warning of the process, once for each message.
   */
  readonly onError?: ((error: Error) => void) | undefined;
}

/** {@link EngineOptions}, checked. */
export interface Engine {
  readonly name: string;
  /** What BullMQ's parts take. */
  readonly options: {readonly connection: ConnectionOptions; readonly prefix?: string};
  readonly onError: (error: Error) => void;
}

/** No limit, where BullMQ takes a number: Redis and JSON have no `Infinity`. */
export const unlimited: number = Number.MAX_SAFE_INTEGER;

/** A whole number from 1 on that BullMQ can hold. */
export const checkCount: Check = checkRange({least: 1, whole: true, most: unlimited});

const engineChecks = {
  name: checkForm(
    "a string that is not empty and has no ':'",
    (value) => typeof value === 'string' && value !== '' && !value.includes(':'),
  ),
  connection: checkConnection,
  prefix: checkNonEmptyString,
  onError: checkFunction,
} satisfies Checks<EngineOptions>;

/**
 * Checks the options that queue, worker and events have in common, and those that only one of them has.
 *
 * @returns what they have in common, and the part's own, checked
 * @throws TypeError or RangeError that names the option, what it got and what it takes
 */
export function readEngineOptions<Options extends EngineOptions>(
  options: Options,
  ownChecks: Readonly<Record<string, Check>> = {},
): {readonly engine: Engine; readonly own: Omit<Options, keyof EngineOptions>} {
  const checks = {...engineChecks, ...ownChecks};
  const {name, connection, prefix, onError, ...own} = checkOptions(options, checks, {required: ['name', 'connection']});
  checkHashTag({name, connection, prefix});
  const engine: Engine = {
    name,
    options: prefix === undefined ? {connection} : {connection, prefix},
    onError: onError === undefined ? warnOnce() : neverThrowing(onError),
  };
  return {engine, own};
}

/** Refuses what is no connection, and a prefix that would leave jobs where no worker finds them. */
function checkConnection(name: string, value: unknown): void {
  if (!isObject(value)) {
    // A URL is not shown: it holds the password.
    const got = typeof value === 'string' ? 'a string' : describeValue(value);
    throw expected(name, 'options such as {host, port} or {url}, or a Redis client', got);
  }
  const isClient: boolean = isRedisInstance(value);
  const {keyPrefix = prefixIn(value['url'])} = isClient ? fieldsOf(value['options']) : value;
  if (keyPrefix) throw expected(name, 'no keyPrefix, in place of which there is prefix', describeValue(keyPrefix));
}

/**
 * Refuses a client that gives up a command after some retries, for what waits in Redis: a job's worker and whoever reads events. BullMQ
 * would refuse it as well, after it has listened to the client. A queue that only adds may have one: in an outage its calls then reject.
 *
 * @throws TypeError that names the option, what it got and what it takes
 */
export function checkBlocking({connection}: Engine['options']): void {
  const isClient: boolean = isRedisInstance(connection);
  const {options} = fieldsOf(connection);
  const {maxRetriesPerRequest} = fieldsOf(fieldsOf(options)['redisOptions'] ?? options);
  if (!isClient || !maxRetriesPerRequest) return;
  const takes = 'a client with maxRetriesPerRequest: null';
  throw expected('connection', takes, `one with ${describeValue(maxRetriesPerRequest)}`);
}

/** ioredis takes its options from the query of a URL as well. */
function prefixIn(url: unknown): unknown {
  return typeof url === 'string' ? new URLSearchParams(url.split('?')[1]).get('keyPrefix') : undefined;
}

function fieldsOf(value: unknown): Fields {
  return isObject(value) ? value : {};
}

/** Of a key with braces, Redis hashes only what the first pair encloses. */
const hashTag = /^[^{]*\{[^}]+\}/;

/**
 * Checks that a Redis Cluster keeps all keys of a queue on one node: BullMQ's scripts use several of them at once. Without this, the
 * first command that does would fail with `CROSSSLOT`.
 *
 * @throws TypeError when neither the prefix nor the name has a hash tag
 * @see https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags
 */
function checkHashTag({connection, prefix, name}: EngineOptions): void {
  if (connection.isCluster !== true || hashTag.test(`${prefix ?? ''}:${name}`)) return;
  throw expected('prefix', "one with a hash tag, e.g. '{bull}', for a Redis Cluster", describeValue(prefix));
}

// While Redis is unavailable, each attempt to connect is an error.
const maxWarnings = 100;

function warnOnce(): (error: Error) => void {
  const warned = new Set<string>();
  return ({name, message}) => {
    if (warned.has(message) || warned.size >= maxWarnings) return;
    warned.add(message);
    emitWarning(`operation-poller/bullmq: ${name}: ${message}`);
  };
}
