import {readLocation} from '../shared/location.ts';

/** Graph's version, as a segment of a path. */
export function checkVersion(version: unknown): string {
  if (typeof version === 'string' && /^[\w.-]+$/.test(version)) return version;
  throw new TypeError(`version: expected 'v1.0' or 'beta', got ${JSON.stringify(version)}`);
}

/** How many requests may be under way at once. */
export function checkConcurrency(concurrency: unknown): number {
  if (typeof concurrency !== 'number') throw new TypeError(`concurrency: expected a number, got ${typeof concurrency}`);
  if (concurrency >= 1) return concurrency;
  throw new RangeError(`concurrency: expected a number from 1 on, got ${concurrency}`);
}

const defaultBatchWindow = 50;
const longestBatchWindow = 1000;

/** For how many milliseconds polls are collected; `false`: not at all. */
export function checkBatch(batch: unknown): number | false {
  if (typeof batch === 'boolean') return batch && defaultBatchWindow;
  if (typeof batch !== 'number')
    throw new TypeError(`batch: expected true, false or milliseconds, got ${typeof batch}`);
  if (batch >= 0 && batch <= longestBatchWindow) return batch;
  throw new RangeError(`batch: expected milliseconds from 0 to ${longestBatchWindow}, got ${batch}`);
}

const methods: readonly unknown[] = ['POST', 'PUT', 'PATCH'];

/** The request that starts an operation. */
export function checkRequest(request: unknown): void {
  if (typeof request !== 'object' || request === null) {
    throw new TypeError(`request: expected an object with a path, got ${request === null ? 'null' : typeof request}`);
  }
  const {method = 'POST', headers = {}}: {method?: unknown; headers?: unknown} = request;
  if (!methods.includes(method)) {
    throw new TypeError(`method: expected POST, PUT or PATCH, got ${JSON.stringify(method)}`);
  }
  if (typeof headers !== 'object' || headers === null) {
    throw new TypeError(`headers: expected a text for each header, got ${headers === null ? 'null' : typeof headers}`);
  }
  for (const [name, value] of Object.entries(headers)) {
    // What was given is not shown: it may be a secret.
    if (typeof value !== 'string') throw new TypeError(`headers.${name}: expected a text, got ${typeof value}`);
    if (name.toLowerCase() === 'authorization') {
      throw new TypeError(`headers.${name}: expected no token here, it is the option token of the client`);
    }
  }
}

/** A text as a segment of a path. */
export function segment(name: string, text: unknown): string {
  if (typeof text !== 'string' || text === '')
    throw new TypeError(`${name}: expected a text that is not empty, got ${typeof text}`);
  // URLs take these two for steps along the path, however they are encoded.
  if (text === '.' || text === '..') throw new TypeError(`${name}: expected an id, got ${JSON.stringify(text)}`);
  try {
    return encodeURIComponent(text);
  } catch {
    throw new TypeError(`${name}: expected a text, got one with half a surrogate pair`);
  }
}

/** Where a request goes: a path under the version, or an absolute URL on the client's root. */
export function requestUrl(path: unknown, base: string): string {
  if (typeof path !== 'string') throw new TypeError(`path: expected a path such as '/teams', got ${typeof path}`);
  const url = readLocation(path.startsWith('/') ? base + path : path);
  if (url !== undefined && url.origin === new URL(base).origin) return path.startsWith('/') ? base + path : path;
  throw new TypeError(`path: expected a path that begins with /, or a URL on ${new URL(base).origin}`);
}
