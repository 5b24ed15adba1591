import {isRecord} from './checks.ts';
import {parseJson} from './parse-json.ts';

/** One request of a `$batch`, checked and brought into the form of a single request. */
export interface BatchPart {
  readonly id: string;
  /** Its id as Graph compares ids: without regard to case. */
  readonly key: string;
  readonly method: string;
  /** Path and query under the version, with a leading slash. */
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  /** The keys of the parts that must succeed before this one. */
  readonly dependsOn: readonly string[];
}

/** Why an envelope is answered 400. */
export interface BatchProblem {
  readonly code: string;
  readonly message: string;
}

const maximumParts = 20;
const writeMethods: readonly string[] = ['POST', 'PUT', 'PATCH'];

/** The parts of an envelope in their order, without circular dependencies; or what is wrong with the envelope. */
export function readBatch(text: string | undefined): readonly BatchPart[] | BatchProblem {
  const body = parseJson(text ?? '');
  const requests: unknown = isRecord(body) ? body['requests'] : undefined;
  if (!Array.isArray(requests) || requests.length === 0) return bad('Invalid batch payload format.');
  if (requests.length > maximumParts) {
    const message = `Number of batch request steps exceeds the maximum value of ${maximumParts}.`;
    return {code: 'MaximumValueExceeded', message};
  }
  return readParts(requests);
}

function readParts(requests: readonly unknown[]): readonly BatchPart[] | BatchProblem {
  const parts: BatchPart[] = [];
  for (const request of requests) {
    const part = readPart(request);
    if ('message' in part) return part;
    if (parts.some(({key}) => key === part.key)) return bad(`Request Id ${part.id} has to be unique in a batch.`);
    parts.push(part);
  }
  const met = new Set<string>();
  for (let waiting: readonly BatchPart[] = parts; waiting.length > 0; ) {
    const ready = waiting.filter(({dependsOn}) => dependsOn.every((key) => met.has(key)));
    if (ready.length === 0) return bad('A request depends on one that is not in the batch, or on itself.');
    for (const {key} of ready) met.add(key);
    waiting = waiting.filter(({key}) => !met.has(key));
  }
  return parts;
}

function readPart(request: unknown): BatchPart | BatchProblem {
  if (!isRecord(request)) return bad('Invalid batch payload format.');
  const {id, method, url, headers: rawHeaders = {}, dependsOn: ids = []} = request;
  const body = request['body'] ?? undefined;
  if (!isFilled(id)) return bad('Request Id cannot be null or empty.');
  if (!isFilled(method)) return bad(`Request ${id} has no method.`);
  if (!isFilled(url) || isAbsolute(url)) return bad(`The url of request ${id} must be relative to the version.`);
  // Half of a surrogate pair, which JSON can express and no URL.
  if (/\p{Surrogate}/u.test(url)) return bad(`The url of request ${id} is not valid Unicode.`);
  const headers = readHeaders(rawHeaders);
  if (headers === undefined) return bad(`The headers of request ${id} are invalid.`);
  if (body === undefined ? writeMethods.includes(method.toUpperCase()) : headers['content-type'] === undefined) {
    return bad(`Write request id : ${id} does not contain Content-Type header or body.`);
  }
  if (!Array.isArray(ids) || !ids.every(isFilled)) return bad(`The dependsOn of request ${id} must be a list of ids.`);
  const text = bodyText(body);
  if (text === tooDeep) return bad(`The body of request ${id} is nested too deeply.`);
  const path = url.startsWith('/') ? url : `/${url}`;
  const dependsOn = ids.map(keyOf);
  return {id, key: keyOf(id), method: method.toUpperCase(), url: path, headers, body: text, dependsOn};
}

function readHeaders(raw: unknown): Readonly<Record<string, string>> | undefined {
  if (!isRecord(raw)) return undefined;
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(raw)) {
    if (typeof value !== 'string') return undefined;
    headers[name.toLowerCase()] = value;
  }
  return headers;
}

const tooDeep: unique symbol = Symbol('a body that is nested too deeply');

/** A string is Base64, in either alphabet; any other body is JSON. */
function bodyText(body: unknown): string | typeof tooDeep | undefined {
  if (body === undefined) return undefined;
  if (typeof body === 'string') return Buffer.from(body, 'base64').toString();
  try {
    return JSON.stringify(body);
  } catch {
    // JSON.parse reads any depth, JSON.stringify only as much as the stack holds.
    return tooDeep;
  }
}

function keyOf(id: string): string {
  return id.toLowerCase();
}

function isFilled(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isAbsolute(url: string): boolean {
  return /^(?:[a-z][a-z\d+.-]*:|\/\/)/i.test(url);
}

function bad(message: string): BatchProblem {
  return {code: 'BadRequest', message};
}
