import {describe, expect, test} from '@jest/globals';
import ky from 'ky';
import {protocols} from 'operation-poller';
import type {TurnEventOf} from 'operation-poller/tracker';
import * as schedules from '../../src/schedule/schedules.ts';
import {location, tasks} from '../support/core.ts';
import {beginning, here, keep, pass, serviceOf, track} from './setup.ts';

describe('events', () => {
  test('are those of a poller, with what the operation was added with', async () => {
    const tracker = await track({http: serviceOf(['running', 'succeeded']).http, ...keep().options});
    const received: TurnEventOf<'*'>[] = [];
    const running: string[] = [];
    tracker.on('running', ({key, operation}) => running.push(`${key} ${operation.status}`));
    const {unsubscribe} = tracker.on('*', (event) => received.push(event));
    const {id} = await tracker.add(location, {...here, key: 'adele', data: {mail: 'adele@contoso.com'}});
    await pass(1200);
    expect(received.map(({type}) => type)).toEqual(['polled', 'running', 'waiting', 'polled', 'succeeded']);
    const known = {id, key: 'adele', data: {mail: 'adele@contoso.com'}, protocol: tasks.name, startedAt: beginning};
    for (const event of received)
      expect(event).toMatchObject({...known, askedAt: event.attempt === 1 ? beginning : beginning + 1000});
    expect(Object.isFrozen(received[0])).toBe(true);
    expect(running).toEqual(['adele running']);
    unsubscribe();
    await tracker.add(location, {...here, key: 'b'});
    await pass(100);
    expect(received).toHaveLength(5);
  });

  test('show a location that is their key without its query where no token goes, as they show the location', async () => {
    const {driveCopy} = protocols.graph;
    const copy = (): Response => Response.json({status: 'inProgress'}, {status: 202});
    const tracker = await track({http: serviceOf([copy]).http, schedule: schedules.fixed(1000)});
    const received: TurnEventOf<'*'>[] = [];
    tracker.on('*', (event) => received.push(event));
    const key = 'https://files.example/monitor/b?marker=1';
    await tracker.add(key, {protocol: driveCopy});
    await tracker.add(location, {key: 'https://example/?own=1', protocol: driveCopy});
    await pass(100);
    const monitor = 'https://files.example/monitor/b';
    expect(received.find(({location: shown}) => shown === monitor)).toMatchObject({key: monitor});
    expect(new Set(received.map((event) => event.key))).toEqual(new Set([monitor, 'https://example/']));
    expect(JSON.stringify(received)).not.toContain('marker');
    expect((await tracker.get(key))?.key).toBe(key);
    expect((await tracker.list())[0]?.key).toBe(key);
  });

  test('show a location that is their key in full where the token goes', async () => {
    const tracker = await track({http: serviceOf(['running']).http, token: 'marker-token', ...keep().options});
    const keys: string[] = [];
    tracker.on('polled', ({key}) => keys.push(key));
    await tracker.add(location, here);
    await pass(100);
    expect(new URL(location).search).not.toBe('');
    expect(keys).toEqual([location]);
  });

  test('are not emitted for what was removed during its poll', async () => {
    let answer: (() => void) | undefined;
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const http = ky.create({
      fetch: async () => {
        await answered;
        return Response.json({id: 'b', status: 'succeeded'});
      },
    });
    const tracker = await track({http, ...keep().options});
    const received: unknown[] = [];
    tracker.on('*', (event) => received.push(event));
    await tracker.add(location, {...here, key: 'a'});
    await pass(100);
    await tracker.remove('a');
    answer?.();
    await pass(100);
    expect(received).toEqual([]);
  });

  test('have names that are checked', async () => {
    const tracker = await track({});
    const name: 'running' = JSON.parse('"runing"');
    expect(() => tracker.on(name, () => undefined)).toThrow(/Did you mean running\?$/);
  });
});
