import {expect, test} from '@jest/globals';
import {checkRunner} from 'operation-poller/testing';
import {openFileTracker} from './file-tracker.ts';

test('a tracker over a folder keeps all rules', async () => {
  const {checks, cannot} = await checkRunner('Tracker', openFileTracker, {concurrency: 3});
  expect(checks.filter(({result}) => result !== 'ok')).toEqual([]);
  expect([...cannot.keys()]).toEqual(['severalInstances', 'clockAhead']);
}, 400_000);
