export type Method = 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'GET';

/** What a suite wants to come of an operation. */
export type Expected =
  /** The result has these fields, or is this text; without one, it does not matter. */
  | {readonly status: 'succeeded'; readonly result?: unknown}
  | {readonly status: 'failed' | 'canceled'}
  /** The service breaks the protocol, or refuses: anything but a success, and without waiting until the time is up. */
  | {readonly status: 'error'};

/** One operation of a suite, and how it is started. */
export interface Scenario {
  readonly name: string;
  readonly method: Method;
  readonly path: string;
  readonly body?: unknown;
  /** These go with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Azure's SDKs add it to every request. */
  readonly apiVersion?: string;
  readonly finalStateVia?: 'azure-async-operation' | 'operation-location' | 'location' | 'original-uri';
  /** Where a status monitor has the result, which the clients that Azure generates take from what core-lro gives. */
  readonly resultIn?: 'result';
  readonly expected: Expected;
  /** Why this library does otherwise. */
  readonly deviation?: string;
}

/** What came of one. */
export interface Ending {
  readonly status: 'succeeded' | 'failed' | 'canceled' | 'error' | 'timeout';
  readonly result?: unknown;
  /** Why there is no success. */
  readonly reason?: string;
}

/** Runs a scenario against the server at `root`. */
export type Runner = (root: string, scenario: Scenario) => Promise<Ending>;

/** Whether it is what the suite wants. */
export function isRight(expected: Expected, {status, result}: Ending): boolean {
  if (expected.status === 'error') return status !== 'succeeded' && status !== 'timeout';
  if (expected.status !== status) return false;
  return expected.status !== 'succeeded' || expected.result === undefined || contains(result, expected.result);
}

function contains(value: unknown, wanted: unknown): boolean {
  if (!isObject(value) || !isObject(wanted)) return value === wanted;
  if (Array.isArray(value) !== Array.isArray(wanted)) return false;
  if (Array.isArray(value) && Array.isArray(wanted) && value.length !== wanted.length) return false;
  const fields = new Map(Object.entries(value));
  return Object.entries(wanted).every(([name, field]) => contains(fields.get(name), field));
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
