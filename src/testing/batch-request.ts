import {isRecord} from './checks.ts';

/** One request of a `$batch`, checked and brought into the form of a single request. */
export interface BatchPart {
  /** Its position in the envelope. */
  readonly index: number;
  readonly id: string;
  readonly method: string;
  /** Path and query under the version, with a leading slash. */
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  /** The parts that must succeed before this one. */
  readonly dependsOn: readonly BatchPart[];
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
  const body = parse(text);
  const requests: unknown = isRecord(body) ? body['requests'] : undefined;
  if (!Array.isArray(requests) || requests.length === 0) return bad('Invalid batch payload format.');
  if (requests.length > maximumParts) {
    const message = `Number of batch request steps exceeds the maximum value of ${maximumParts}.`;
    return {code: 'MaximumValueExceeded', message};
  }
  return readParts(requests);
}

function readParts(requests: readonly unknown[]): readonly BatchPart[] | BatchProblem {
  // Graph compares ids without regard to case.
  const byId = new Map<string, BatchPart>();
  let waiting = requests.map((request, index) => ({request, index}));
  while (waiting.length > 0) {
    const later: typeof waiting = [];
    for (const {request, index} of waiting) {
      const part = readPart(request, index, byId);
      if (part === 'later') later.push({request, index});
      else if ('message' in part) return part;
      else if (byId.has(part.id.toLowerCase())) return bad(`Request Id ${part.id} has to be unique in a batch.`);
      else byId.set(part.id.toLowerCase(), part);
    }
    if (later.length === waiting.length) return bad('A request depends on one that is not in the batch, or on itself.');
    waiting = later;
  }
  return [...byId.values()].sort((one, other) => one.index - other.index);
}

/** The part that a request describes; `'later'` if it depends on one that has not been read yet. */
function readPart(
  request: unknown,
  index: number,
  known: ReadonlyMap<string, BatchPart>,
): BatchPart | BatchProblem | 'later' {
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
  const dependsOn = ids.map((other) => known.get(other.toLowerCase()));
  if (!dependsOn.every((other) => other !== undefined)) return 'later';
  const text = bodyText(body);
  if (text === tooDeep) return bad(`The body of request ${id} is nested too deeply.`);
  const path = url.startsWith('/') ? url : `/${url}`;
  return {index, id, method: method.toUpperCase(), url: path, headers, body: text, dependsOn};
}

function parse(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
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

function isFilled(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isAbsolute(url: string): boolean {
  return /^(?:[a-z][a-z\d+.-]*:|\/\/)/i.test(url);
}

function bad(message: string): BatchProblem {
  return {code: 'BadRequest', message};
}
