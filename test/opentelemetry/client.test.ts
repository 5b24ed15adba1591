import {afterEach, beforeEach, describe, expect, test} from '@jest/globals';
import {SpanKind, SpanStatusCode} from '@opentelemetry/api';
import {protocols} from 'operation-poller';
import type {StartRequest} from 'operation-poller/graph';
import {instrument} from 'operation-poller/opentelemetry';
import {partsOf} from '../../src/client/client-parts.ts';
import {clientOf, eventsOf, quick, rejectionOf, token} from '../graph/clients.ts';
import {startEmulator} from '../testing/emulators.ts';
import {startTelemetry} from './telemetry.ts';

let telemetry: ReturnType<typeof startTelemetry>;
beforeEach(() => {
  telemetry = startTelemetry();
});
afterEach(() => telemetry.stop());

const user = 'adele@contoso.example';

describe('a Graph client', () => {
  test('links the watch to the request that started it, and shows neither user, password nor token', async () => {
    const emulator = await startEmulator({script: ['running', 'succeeded']});
    const graph = clientOf(emulator);
    instrument(graph, telemetry.options);
    const reset = await graph.resetPassword(user, {...quick, newPassword: 'marker-Pa55word!'});
    expect(await reset.newPassword()).toBe('marker-Pa55word!');
    const [start] = telemetry.spans('operation.start');
    const [watch, ...more] = telemetry.spans('operation.watch');
    expect(more).toEqual([]);
    expect(start?.kind).toBe(SpanKind.CLIENT);
    expect(start?.attributes).toMatchObject({
      'http.request.method': 'POST',
      'http.response.status_code': 202,
      'server.address': '127.0.0.1',
    });
    expect(watch?.links.map(({context}) => context.spanId)).toEqual([start?.spanContext().spanId]);
    expect(watch?.attributes['operation.outcome']).toBe('succeeded');
    const exported = await telemetry.exported();
    for (const secret of [user, encodeURIComponent(user), 'marker-Pa55word!', token]) {
      expect(exported).not.toContain(secret);
    }
  });

  test('starts any operation, whose listeners still receive every event', async () => {
    const emulator = await startEmulator();
    emulator.addStart({
      path: "/teams('a')/clone",
      starts: {path: "/teams('a')/operations('{id}')", script: ['succeeded']},
      location: 'relative',
    });
    const received: string[][] = [];
    for (const isInstrumented of [false, true]) {
      const graph = clientOf(emulator);
      if (isInstrumented) instrument(graph, telemetry.options);
      const path = "/teams('a')/clone?secret=marker-query";
      const {poller} = await graph.start(protocols.longRunning, {path}, {...quick, initialDelay: 300});
      if (poller === undefined) throw new Error('The emulator says where the operation is');
      const events = eventsOf(poller);
      await poller.result();
      received.push(events.map(({type}) => type));
    }
    expect(received[1]).toEqual(received[0]);
    expect(received[1]?.[0]).toBe('waiting');
    const [start] = telemetry.spans('operation.start');
    expect(start?.attributes['url.full']).toBe(`${emulator.root}/v1.0/teams('a')/clone`);
    expect(await telemetry.exported()).not.toContain('marker-');
  });

  test('reports a start that fails or is refused', async () => {
    const emulator = await startEmulator();
    const graph = clientOf(emulator);
    instrument(graph, telemetry.options);
    await rejectionOf(graph.start(protocols.longRunning, {path: '/nothing'}, quick));
    await rejectionOf(graph.start(protocols.longRunning, {path: 'https://u:marker-p@other.example/x?q=marker-q'}));
    await rejectionOf(graph.start(protocols.longRunning, undefined as unknown as StartRequest));
    const starts = telemetry.spans('operation.start');
    expect(starts.map(({status}) => status.code)).toEqual(Array(3).fill(SpanStatusCode.ERROR));
    expect(starts.map(({attributes}) => attributes['error.type'])).toEqual(['404', 'TypeError', 'TypeError']);
    expect(starts[0]?.attributes['http.response.status_code']).toBe(404);
    expect(telemetry.spans('operation.watch')).toEqual([]);
    expect(await telemetry.exported()).not.toContain('marker-');
  });

  test('instruments the pollers that it watches and resumes, until it is unsubscribed', async () => {
    const emulator = await startEmulator({script: ['running']});
    const graph = clientOf(emulator);
    const original = {...graph};
    const {unsubscribe} = instrument(graph, telemetry.options);
    const watched = graph.watch(emulator.addOperation({script: ['running']}).location, quick);
    const {id} = emulator.addOperation({script: ['running'], userId: user, id: 'o'});
    const byId = graph.watchOperation(user, id, quick);
    await watched.waitFor('running');
    const resumed = graph.resume(watched.toJSON(), quick);
    expect(telemetry.open()).toBe(3);
    const kept = graph.watch;
    const starting = graph.resetPassword(user, quick);
    unsubscribe();
    expect(graph).toEqual(original);
    const {poller} = await starting;
    expect(telemetry.open()).toBe(0);
    expect((await telemetry.measured('operation.in_progress'))[0]?.value).toBe(0);
    const later = kept(watched.toJSON().location, quick);
    expect(telemetry.open()).toBe(0);
    for (const each of [watched, byId, resumed, later]) each.stop();
    poller?.stop();
  });

  test('may be instrumented twice and unsubscribed in any order', async () => {
    const graph = clientOf(await startEmulator({script: ['succeeded']}));
    const first = instrument(graph, telemetry.options);
    const second = instrument(graph, telemetry.options);
    first.unsubscribe();
    const {poller} = await graph.resetPassword(user, quick);
    await poller?.result();
    expect(telemetry.spans('operation.watch')).toHaveLength(1);
    expect(telemetry.spans('operation.start')).toHaveLength(1);
    second.unsubscribe();
    expect(telemetry.open()).toBe(0);
  });

  test('is still recognized by a worker', async () => {
    const graph = clientOf(await startEmulator());
    instrument(graph, telemetry.options);
    expect(partsOf(graph)).toBeDefined();
  });

  test('that is frozen is refused', async () => {
    const graph = Object.freeze(clientOf(await startEmulator()));
    expect(() => instrument(graph)).toThrow('target: expected a client that can be changed, got a frozen one');
  });
});
