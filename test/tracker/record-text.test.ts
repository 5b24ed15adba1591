import {afterEach, beforeEach, describe, expect, jest, test} from '@jest/globals';
import {resumeOperation} from '../../src/index.ts';
import {createRecord} from '../../src/runner/create-record.ts';
import type {OperationRecord} from '../../src/runner/record.ts';
import {now} from '../../src/shared/clock.ts';
import {readRecordText, toProcessClock, toWallClock, writeRecord} from '../../src/tracker/record-text.ts';

const day = 86_400_000;

/** A record of each kind: waiting, fetching its result, over. Their times are those of the clock of this process. */
function records(): readonly OperationRecord[] {
  const record = createRecord('https://service.example/operations/a', {key: 'a', totalTimeout: 60_000});
  const fetching = {attempts: 1, since: record.token.dueAt + 10, dueAt: record.token.dueAt + 20};
  const ended = {dueAt: record.token.dueAt + 30, rejections: 0};
  return [record, {...record, fetching}, {...record, ended}];
}

/** All times of a record. */
function timesOf(value: unknown): readonly number[] {
  if (typeof value === 'number') return value > 1e12 ? [value] : [];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(timesOf) : [];
}

describe('the text of a record', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  test('has the times of the wall clock, all of them, and is read back as it was', () => {
    // The clock of this process starts here.
    now();
    const before = records();
    jest.setSystemTime(Date.now() + day);
    for (const record of before) {
      const text = toWallClock(record);
      expect(timesOf(text)).toEqual(timesOf(record).map((time) => time + day));
      expect(toProcessClock(text)).toEqual(record);
    }
  });

  test('of a waiting record resumes in another process', () => {
    const [record] = records();
    const {token} = readRecordText<unknown>('a', writeRecord(record as OperationRecord));
    const poller = resumeOperation(token);
    expect(poller.location).toBe('https://service.example/operations/a');
    poller.stop();
  });
});
