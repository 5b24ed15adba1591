import {emitWarning} from 'node:process';
import type {ConnectionOptions} from 'bullmq';
import {
  type Check,
  type Checks,
  checkIsObject,
  checkOptions,
  describeValue,
  expected,
  isFunction,
} from '../shared/check-options.ts';
import {reportUncaught} from '../shared/report-error.ts';

/** What queue, worker and events have in common: which BullMQ queue on which Redis. */
export interface EngineOptions {
  /** The queue's name: the same for the queue, its workers and its events. Without `:`. */
  readonly name: string;
  /**
   * BullMQ's `connection`: options such as `{host, port}`, from which each of its parts makes connections of its own, or a
   * client of ioredis, made with `maxRetriesPerRequest: null`, that is shared and stays yours to close.
   */
  readonly connection: ConnectionOptions;
  /** What all keys in Redis begin with. Default `'bull'`. */
  readonly prefix?: string | undefined;
  /**
   * Hears what goes wrong without ending anything, e.g. that Redis is away for a while, or a {@link JobSkippedError}.
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

const engineChecks = {
  name: (name, value) => {
    if (typeof value === 'string' && value !== '' && !value.includes(':')) return;
    throw expected(name, "a string that is not empty and has no ':'", describeValue(value));
  },
  connection: (name, value) => {
    // A string is not shown: it may well be a URL with a password.
    if (typeof value === 'object' && value !== null) return;
    throw expected(name, 'options such as {host, port} or a Redis client', typeof value);
  },
  prefix: (name, value) => {
    if (typeof value === 'string' && value !== '') return;
    throw expected(name, 'a string that is not empty', describeValue(value));
  },
  onError: isFunction,
} satisfies Checks<EngineOptions>;

/**
 * Checks the options that queue, worker and events have in common, and those of its own that one of them has.
 *
 * @throws TypeError or RangeError that names the option, what it got and what it takes
 */
export function readEngineOptions(options: EngineOptions, ownChecks: Readonly<Record<string, Check>> = {}): Engine {
  checkIsObject('options', options);
  const {name, connection, prefix, onError} = options;
  // They must be there.
  engineChecks.name('name', name);
  engineChecks.connection('connection', connection);
  checkOptions(options, {...engineChecks, ...ownChecks});
  return {
    name,
    options: prefix === undefined ? {connection} : {connection, prefix},
    onError: onError === undefined ? warnOnce() : harmless(onError),
  };
}

function harmless(onError: (error: Error) => void): (error: Error) => void {
  return (error) => {
    try {
      onError(error);
    } catch (thrown) {
      reportUncaught(thrown);
    }
  };
}

// Redis that is away tells of it at each attempt to connect.
const mostWarnings = 100;

function warnOnce(): (error: Error) => void {
  const told = new Set<string>();
  return ({name, message}) => {
    if (told.has(message) || told.size >= mostWarnings) return;
    told.add(message);
    emitWarning(`operation-poller/bullmq: ${name}: ${message}`);
  };
}
