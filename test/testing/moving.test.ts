import {describe, expect, jest, test} from '@jest/globals';
import {field, poll, startEmulator, statuses} from './emulators.ts';

describe('move', () => {
  test('changes the status at once, and the answer to every later poll', async () => {
    const emulator = await startEmulator();
    const operation = emulator.addOperation({script: ['notStarted', 'running']});
    operation.move('running');
    expect(operation.status).toBe('running');
    operation.move({status: 'failed', detail: 'PolicyViolation'});
    expect([operation.status, operation.polls]).toEqual(['failed', 0]);
    expect((await poll(operation.location)).body).toMatchObject({status: 'failed', statusDetail: 'PolicyViolation'});
    expect(await statuses(operation.location, 2)).toEqual(['failed', 'failed']);
  });

  test('dates the change when it happens, not when it is polled', async () => {
    const emulator = await startEmulator();
    jest.useFakeTimers({now: Date.UTC(2024, 0, 1), doNotFake: ['nextTick', 'setImmediate']});
    try {
      const operation = emulator.addOperation();
      jest.setSystemTime(Date.UTC(2024, 0, 2));
      operation.move('succeeded');
      jest.setSystemTime(Date.UTC(2024, 0, 3));
      const {body} = await poll(operation.location);
      expect(field(body, 'createdDateTime')).toBe('2024-01-01T00:00:00Z');
      expect(field(body, 'lastActionDateTime')).toBe('2024-01-02T00:00:00Z');
    } finally {
      jest.useRealTimers();
    }
  });

  test('keeps the status if the step has none', async () => {
    const emulator = await startEmulator();
    const operation = emulator.addOperation({script: ['running']});
    operation.move('running');
    operation.move({http: 404});
    expect(operation.status).toBe('running');
    expect((await poll(operation.location)).response.status).toBe(404);
  });

  test('refuses an invalid step and changes nothing', async () => {
    const emulator = await startEmulator();
    const operation = emulator.addOperation({script: ['running']});
    expect(() => operation.move({http: 600})).toThrow('step.http: expected a whole number from 200 to 599, got 600');
    expect(() => operation.move(JSON.parse('5'))).toThrow('step: expected a status or an object, got 5');
    expect(operation.status).toBe('notStarted');
    expect(await statuses(operation.location, 1)).toEqual(['running']);
  });
});

describe('interrupt', () => {
  test('comes before the script, which then continues where it was', async () => {
    const emulator = await startEmulator();
    const operation = emulator.addOperation({script: ['notStarted', 'running', 'succeeded']});
    expect(await statuses(operation.location, 1)).toEqual(['notStarted']);
    operation.interrupt([
      {http: 429, retryAfter: 5},
      {http: 503, times: 2},
    ]);
    const answers: Array<[number, string | null]> = [];
    for (let count = 0; count < 3; count++) {
      const {response} = await poll(operation.location);
      answers.push([response.status, response.headers.get('retry-after')]);
    }
    expect(answers).toEqual([
      [429, '5'],
      [503, null],
      [503, null],
    ]);
    expect(operation.status).toBe('notStarted');
    expect(await statuses(operation.location, 3)).toEqual(['running', 'succeeded', 'succeeded']);
    expect(operation.polls).toBe(7);
  });

  test('replaces what is left of an earlier one, and ends with a new script', async () => {
    const emulator = await startEmulator();
    const operation = emulator.addOperation({script: ['running']});
    operation.interrupt([{http: 503, times: 9}]);
    operation.interrupt([{http: 429}]);
    expect((await poll(operation.location)).response.status).toBe(429);
    expect((await poll(operation.location)).response.status).toBe(200);
    operation.interrupt([{http: 503}]);
    operation.rescript(['succeeded']);
    expect(await statuses(operation.location, 1)).toEqual(['succeeded']);
    operation.interrupt([{http: 503}]);
    operation.move('failed');
    expect(await statuses(operation.location, 1)).toEqual(['failed']);
  });

  test('works for a resource as well', async () => {
    const emulator = await startEmulator();
    const item = emulator.addResource({path: '/drives/d/items/i'});
    item.interrupt([{http: 404}]);
    expect((await poll(item.location)).response.status).toBe(404);
    expect((await poll(item.location)).body).toEqual({id: 'i'});
  });

  test('refuses an invalid list of steps and changes nothing', async () => {
    const emulator = await startEmulator();
    const operation = emulator.addOperation({script: ['running']});
    expect(() => operation.interrupt([])).toThrow('steps: expected a list of at least one step');
    expect(() => operation.interrupt(['running', {http: 1}])).toThrow('steps[1].http: expected');
    expect(await statuses(operation.location, 1)).toEqual(['running']);
  });
});
