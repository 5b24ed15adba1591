import {emitWarning} from 'node:process';
import type {ConnectionOptions} from 'bullmq';
import {checkOptionNames} from '../shared/option-names.ts';
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

const engineNames = ['name', 'connection', 'prefix', 'onError'] as const;

/**
 * Checks the options that all have in common, and that there are no others than these and `further`.
 *
 * @throws TypeError that names the option, what it got and what it takes
 */
export function readEngineOptions(options: EngineOptions, further: readonly string[]): Engine {
  if (typeof options !== 'object' || options === null) throw new TypeError('options: expected an object');
  checkOptionNames(options, [...engineNames, ...further]);
  const {name, connection, prefix, onError} = options;
  if (typeof name !== 'string' || name === '' || name.includes(':')) {
    throw new TypeError(`name: expected a text that is not empty and has no ':', got ${show(name)}`);
  }
  if (typeof connection !== 'object' || connection === null) {
    // A text is not shown: it may well be a URL with a password.
    throw new TypeError(
      `connection: expected options such as {host, port} or a Redis client, got ${typeof connection}`,
    );
  }
  if (prefix !== undefined && (typeof prefix !== 'string' || prefix === '')) {
    throw new TypeError(`prefix: expected a text that is not empty, got ${show(prefix)}`);
  }
  if (onError !== undefined && typeof onError !== 'function') {
    throw new TypeError(`onError: expected a function, got ${typeof onError}`);
  }
  return {
    name,
    options: prefix === undefined ? {connection} : {connection, prefix},
    onError: onError === undefined ? warnOnce() : harmless(onError),
  };
}

/** @throws TypeError or RangeError that names the option */
export function checkNumber(name: string, value: unknown, least: number, takes: string): void {
  if (typeof value !== 'number') throw new TypeError(`${name}: expected ${takes}, got ${show(value)}`);
  if (!(value >= least && value <= Number.MAX_SAFE_INTEGER)) {
    throw new RangeError(`${name}: expected ${takes} from ${least} on, got ${value}`);
  }
}

function show(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 60)) : typeof value;
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
