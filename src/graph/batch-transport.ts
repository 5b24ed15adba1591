import {defaultMaxBodyLength} from '../http/read-body.ts';
import type {Transport, TransportRequest, TransportResponse} from '../http/transport.ts';
import {Batcher, batchBody, batchReplies, largestBatch, type SendBatch} from './batcher.ts';
import {Limit} from './concurrency-limit.ts';
import {Gate} from './rate-gate.ts';

/** What the traffic of a client goes by. */
export interface TrafficSettings {
  /** Carries one request. */
  readonly transport: Transport;
  /** The client's root with its version, e.g. `https://graph.microsoft.com/v1.0`. */
  readonly base: string;
  /** How many requests may be under way at once. */
  readonly concurrency: number;
  /** For how many milliseconds requests are collected into a batch; `false`: there are no batches. */
  readonly batchWindow: number | false;
}

/** For how many milliseconds there are no batches after one that was never answered. */
const batchRest = 60_000;

// In a batch nobody makes of such a path what `fetch` makes of it.
const uncertain = /[#\\]|\/\.{1,2}(?:[/?]|$)/;

/**
 * Brings all requests of a client to the service: through the gate of their origin, together where they may go together, and
 * no more at once than is allowed.
 */
export function clientTransport({transport, base, concurrency, batchWindow}: TrafficSettings): Transport {
  const limit = new Limit(concurrency);
  const gates = new Map<string, Gate>();
  const tokenOrigin = new URL(base).origin;
  const gateOf = (location: string): Gate => {
    const origin = location.startsWith(`${tokenOrigin}/`) ? tokenOrigin : new URL(location).origin;
    let gate = gates.get(origin);
    if (gate === undefined) {
      gate = new Gate();
      gates.set(origin, gate);
    }
    return gate;
  };
  // The gate may have closed while a request waited for its place or for company.
  const carry = async (location: string, outgoing: TransportRequest, weight: number): Promise<TransportResponse> => {
    const gate = gateOf(location);
    for (;;) {
      await limit.enter(weight, outgoing.signal);
      if (gate.isOpen) break;
      limit.leave(weight);
      await gate.pass(weight, outgoing.signal);
    }
    try {
      return await transport(location, outgoing);
    } finally {
      limit.leave(weight);
    }
  };
  const alone: Transport = async (location, outgoing) => {
    const reply = await carry(location, outgoing, 1);
    heed(gateOf(location), [reply]);
    return reply;
  };
  if (batchWindow === false) {
    return through(gateOf, alone);
  }
  // An operation can be of another version than the client: password resets are often found under beta.
  const versions = new Set([base, `${tokenOrigin}/v1.0`, `${tokenOrigin}/beta`]);
  const versionOf = (location: string): string | undefined => {
    const version = location.slice(0, Math.max(0, location.indexOf('/', tokenOrigin.length + 1)));
    return versions.has(version) ? version : undefined;
  };
  let batchesFrom = 0;
  const together: SendBatch = async (parts, outgoing) => {
    const version = versionOf(parts[0]?.location ?? '') ?? base;
    const envelope = {...outgoing, json: batchBody(parts, version), maxBodyLength: largestBatch * defaultMaxBodyLength};
    let reply: TransportResponse;
    try {
      reply = await carry(`${version}/$batch`, envelope, parts.length);
    } catch (error) {
      // All its parts gave it up: what does not answer as a batch may answer each of them.
      if (outgoing.signal.aborted) batchesFrom = Date.now() + batchRest;
      throw error;
    }
    const gate = gateOf(base);
    if (reply.status !== 200) {
      heed(gate, [reply]);
      // This service has no batches.
      if (reply.status === 404 || reply.status === 405 || reply.status === 501) batchesFrom = Number.POSITIVE_INFINITY;
      return undefined;
    }
    const replies = batchReplies(reply.body, parts.length, outgoing.headers['authorization']);
    heed(gate, replies ?? []);
    return replies;
  };
  const batcher = new Batcher(batchWindow, alone, together);
  return through(gateOf, (location, outgoing) => {
    const {method, headers, json} = outgoing;
    const {authorization} = headers;
    const mayFit = method === 'GET' && json === undefined && !uncertain.test(location) && Date.now() >= batchesFrom;
    const version = mayFit ? versionOf(location) : undefined;
    if (version === undefined || authorization === undefined) return alone(location, outgoing);
    return batcher.carry(`${version} ${authorization}`, location, outgoing);
  });
}

/** The transport that passes the gate first, which is open as a rule: then nobody waits for a promise. */
function through(gateOf: (location: string) => Gate, transport: Transport): Transport {
  return (location, outgoing) => {
    const passed = gateOf(location).pass(1, outgoing.signal);
    return passed === undefined ? transport(location, outgoing) : passed.then(() => transport(location, outgoing));
  };
}

/** Tells the gate what the service made of requests; of those that came together, first which it took. */
function heed(gate: Gate, replies: readonly (TransportResponse | undefined)[]): void {
  let retryAfter: number | undefined;
  for (const reply of replies) {
    if (reply === undefined) continue;
    const {status} = reply;
    const wait = status === 429 || status === 503 ? reply.retryAfter : undefined;
    if (wait !== undefined) retryAfter = Math.max(wait, retryAfter ?? 0);
    else if (status < 500 && status !== 429) gate.took();
  }
  if (retryAfter !== undefined) gate.refused(retryAfter);
}
