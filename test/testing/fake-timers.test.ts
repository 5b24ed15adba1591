import {afterEach, beforeEach, expect, jest, test} from '@jest/globals';
import {field, poll, startEmulator} from './emulators.ts';

/** An example of a user's own code: it knows nothing of the emulator or of fake timers. */
async function untilSucceeded(location: string, interval: number, waiting: () => void): Promise<number> {
  for (let polls = 1; ; polls += 1) {
    const {body} = await poll(location);
    if (field(body, 'status') === 'succeeded') return polls;
    await new Promise((resolve) => {
      setTimeout(resolve, interval);
      waiting();
    });
  }
}

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

test('code that waits for minutes is tested in no time: requests are real, time is virtual', async () => {
  const emulator = await startEmulator();
  const operation = emulator.addOperation({script: [{status: 'running', until: 600_000}, 'succeeded']});
  const start = Date.now();
  const polls = await untilSucceeded(operation.location, 60_000, () => jest.advanceTimersByTime(60_000));
  expect([polls, Date.now() - start]).toEqual([11, 600_000]);
  const times = operation.requests.map(({at}) => at - start);
  expect(times).toEqual(Array.from({length: 11}, (_, index) => index * 60_000));
  expect(jest.getTimerCount()).toBe(0);
});

test('the Date of an answer is virtual too', async () => {
  const emulator = await startEmulator();
  const {location} = emulator.addOperation();
  jest.setSystemTime(new Date('2030-01-02T03:04:05Z'));
  const {response} = await poll(location);
  expect(response.headers.get('date')).toBe('Wed, 02 Jan 2030 03:04:05 GMT');
});
