import {afterAll, beforeAll, expect, test} from '@jest/globals';
import {checkRunner, formatReport} from 'operation-poller/testing';
import {fetchOrSkip} from '../support/packages.ts';
import {findPostgres, startPostgres, type TestPostgres} from '../support/postgres-server.ts';
import {fetchDbos, openDbos} from './dbos/dbos-runner.ts';
import {killAtRandom} from './random-kills.ts';

const programs = findPostgres();
const sdk = await fetchOrSkip('the tests on DBOS', fetchDbos);
const testOnDbos = programs === undefined || sdk === undefined ? test.skip : test;
let server: TestPostgres | undefined;

beforeAll(async () => {
  if (programs !== undefined && sdk !== undefined) server = await startPostgres(programs);
}, 60_000);

afterAll(() => server?.stop());

const open = () => openDbos(sdk ?? '', server?.url ?? '');

testOnDbos(
  'workflows of DBOS on PostgreSQL keep all rules of runners',
  async () => {
    const report = await checkRunner('DBOS', open, {concurrency: 3});
    expect(formatReport([report])).not.toMatch(/✗|–/);
    expect([...report.cannot.keys()]).toEqual(['severalInstances', 'clockAhead']);
  },
  400_000,
);

testOnDbos(
  'kill -9 at random moments: nothing is lost, wrong, too early, or ends twice',
  async () => {
    expect(await killAtRandom(open)).toEqual([]);
  },
  400_000,
);
