import {afterAll, beforeAll, expect, test} from '@jest/globals';
import {checkRunner, formatReport} from 'operation-poller/testing';
import {findRedis, startRedis, type TestRedis} from '../../support/redis.ts';
import {openBullmqQueue} from './bullmq-queue.ts';

const source = findRedis();
const testOnRedis = source === undefined ? test.skip : test;
let server: TestRedis | undefined;

beforeAll(async () => {
  if (source !== undefined) server = await startRedis(source);
});

afterAll(() => server?.stop());

testOnRedis(
  'the queue keeps all rules',
  async () => {
    const report = await checkRunner('BullMQ', () => openBullmqQueue(server ?? {host: '', port: 0}), {concurrency: 3});
    expect(formatReport([report])).not.toMatch(/✗|–/);
  },
  400_000,
);
