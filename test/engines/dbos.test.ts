import {afterAll, beforeAll} from '@jest/globals';
import {fetchOrSkip} from '../support/packages.ts';
import {findPostgres, startPostgres, type TestPostgres} from '../support/postgres-server.ts';
import {fetchDbos, openDbos} from './dbos/dbos-runner.ts';
import {testEngine} from './engine-tests.ts';

const programs = findPostgres();
const sdk = await fetchOrSkip('the tests on DBOS', fetchDbos);
const isThere = programs !== undefined && sdk !== undefined;
let server: TestPostgres | undefined;

beforeAll(async () => {
  if (isThere) server = await startPostgres(programs);
}, 60_000);

afterAll(() => server?.stop());

testEngine('DBOS', 'workflows of DBOS on PostgreSQL', isThere ? () => openDbos(sdk, server?.url ?? '') : undefined);
