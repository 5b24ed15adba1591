import {afterEach} from '@jest/globals';
import type {GraphEmulator, GraphEmulatorOptions} from '../../src/testing/index.ts';
import {startGraphEmulator} from '../../src/testing/index.ts';

const running: GraphEmulator[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((emulator) => emulator.stop()));
});

/** Starts an emulator that is stopped after the test. */
export async function startEmulator(options?: GraphEmulatorOptions): Promise<GraphEmulator> {
  const emulator = await startGraphEmulator(options);
  running.push(emulator);
  return emulator;
}

export const bearer = {authorization: 'Bearer test-token'};

/** One poll, read as JSON. */
export async function poll(location: string, init: RequestInit = {}): Promise<{response: Response; body: unknown}> {
  const response = await fetch(location, {redirect: 'manual', ...init, headers: {...bearer, ...init.headers}});
  const text = await response.text();
  return {response, body: text === '' ? undefined : JSON.parse(text)};
}

/** The statuses of `count` polls, one after the other. */
export async function statuses(location: string, count: number): Promise<unknown[]> {
  const found: unknown[] = [];
  for (let index = 0; index < count; index += 1) found.push(field((await poll(location)).body, 'status'));
  return found;
}

/** A nested field of a JSON value; `names` go from the outside in. */
export function field(value: unknown, ...names: readonly string[]): unknown {
  return names.reduce<unknown>((inner, name) => {
    if (typeof inner !== 'object' || inner === null) return undefined;
    return Reflect.get(inner, name);
  }, value);
}

/** Resets the password of a user; without `body`, the request has none. */
export function resetPassword(
  emulator: GraphEmulator,
  body?: string,
  user = 'adele@contoso.example',
): Promise<Response> {
  const path = `/v1.0/users/${user}/authentication/methods/28c10230-6103-485e-b985-444c60001490/resetPassword`;
  return fetch(`${emulator.root}${path}`, {method: 'POST', headers: bearer, ...(body !== undefined && {body})});
}

/** Sends a `$batch` with these parts. The method defaults to GET, the id to the index. */
export async function sendBatch(
  emulator: GraphEmulator,
  parts: ReadonlyArray<Readonly<Record<string, unknown>>>,
): Promise<{response: Response; body: unknown; byId: ReadonlyMap<unknown, unknown>}> {
  const requests = parts.map((part, index) => ({id: String(index), method: 'GET', ...part}));
  const {response, body} = await postBatch(emulator, JSON.stringify({requests}));
  const responses = field(body, 'responses');
  const byId = new Map((Array.isArray(responses) ? responses : []).map((each) => [field(each, 'id'), each]));
  return {response, body, byId};
}

/** Sends an envelope with any text as its body. */
export function postBatch(emulator: GraphEmulator, body: string): Promise<{response: Response; body: unknown}> {
  return poll(`${emulator.root}/v1.0/$batch`, {method: 'POST', headers: {'content-type': 'application/json'}, body});
}

/** The URL of a location in a part of a batch: without root and version. */
export function partUrl(emulator: GraphEmulator, {location}: {readonly location: string}): string {
  return location.slice(`${emulator.root}/v1.0`.length);
}

/** The code of the error that caused a fetch to reject. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return field(error, 'cause', 'code') ?? error;
  }
  return 'no failure';
}
