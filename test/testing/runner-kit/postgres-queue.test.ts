import {afterAll, beforeAll, expect, test} from '@jest/globals';
import {checkRunner, formatReport} from 'operation-poller/testing';
import {findPostgres, startPostgres, type TestPostgres} from '../../support/postgres-server.ts';
import {openPostgresQueue} from './postgres-queue.ts';

const programs = findPostgres();
const testOnPostgres = programs === undefined ? test.skip : test;
let server: TestPostgres | undefined;

beforeAll(async () => {
  if (programs !== undefined) server = await startPostgres(programs);
}, 400_000);

afterAll(() => server?.stop());

testOnPostgres(
  'the queue of the documents keeps all rules on PostgreSQL',
  async () => {
    const report = await checkRunner('PostgreSQL', () => openPostgresQueue(server?.url ?? ''));
    expect(formatReport([report])).not.toMatch(/✗|–/);
  },
  400_000,
);
