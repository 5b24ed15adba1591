// Puts our own runners and those of the documents through the kit, and writes the report into docs/runner-kit.md.
import {readFileSync, writeFileSync} from 'node:fs';
import {checkRunner, formatReport, type RunnerReport} from 'operation-poller/testing';
import {openOwnQueue} from '../../docs/examples/test-own-queue.ts';
import {fetchCloudflare, openCloudflare} from '../engines/cloudflare/cloudflare-runner.ts';
import {fetchDbos, openDbos} from '../engines/dbos/dbos-runner.ts';
import {Restate} from '../engines/restate/restate.ts';
import {openRestate} from '../engines/restate/restate-runner.ts';
import {fetchTools} from '../engines/restate/tools.ts';
import {fetchAzurite, startAzurite} from '../support/azurite.ts';
import {findPostgres, startPostgres} from '../support/postgres-server.ts';
import {findRedis, startRedis} from '../support/redis.ts';
import {openBullmqQueue} from '../testing/runner-kit/bullmq-queue.ts';
import {openFileTracker} from '../testing/runner-kit/file-tracker.ts';
import {openPostgresQueue} from '../testing/runner-kit/postgres-queue.ts';
import {openStorageQueue} from '../testing/runner-kit/storage-queue.ts';

const page = 'docs/runner-kit.md';
const pattern = /<!-- report -->[\s\S]*?<!-- \/report -->/;

async function checkOnPostgres(): Promise<RunnerReport[]> {
  const programs = findPostgres();
  if (programs === undefined) throw new Error('The report needs PostgreSQL');
  const sdk = await fetchDbos();
  const server = await startPostgres(programs);
  try {
    return [
      await checkRunner('PostgreSQL', () => openPostgresQueue(server.url)),
      await checkRunner('DBOS', () => openDbos(sdk, server.url), {concurrency: 3}),
    ];
  } finally {
    await server.stop();
  }
}

async function checkCloudflare(): Promise<RunnerReport> {
  const tools = await fetchCloudflare();
  return checkRunner('Cloudflare', () => openCloudflare(tools), {concurrency: 3});
}

async function checkRestate(): Promise<RunnerReport> {
  const server = await Restate.start(await fetchTools());
  try {
    return await checkRunner('Restate', () => openRestate(server), {concurrency: 3});
  } finally {
    await server.stop();
  }
}

async function checkBullmq(): Promise<RunnerReport> {
  const source = findRedis();
  if (source === undefined) throw new Error('The report needs Redis');
  const server = await startRedis(source);
  try {
    // Each scenario has processes of its own.
    return await checkRunner('BullMQ', () => openBullmqQueue(server), {concurrency: 3});
  } finally {
    await server.stop();
  }
}

async function checkStorage(): Promise<RunnerReport> {
  const server = await startAzurite(await fetchAzurite());
  try {
    return await checkRunner('Storage Queue', () => openStorageQueue(server), {concurrency: 3});
  } finally {
    await server.stop();
  }
}

// One after another: each has the machine to itself.
const reports = [
  await checkBullmq(),
  await checkRunner('Tracker', openFileTracker, {concurrency: 3}),
  await checkRunner('Own queue', openOwnQueue),
  ...(await checkOnPostgres()),
  await checkStorage(),
  await checkCloudflare(),
  await checkRestate(),
];
const report = formatReport(reports);
console.log(report);
const before = readFileSync(page, 'utf8');
if (!pattern.test(before)) throw new Error(`${page} has no place for the report: <!-- report --><!-- /report -->`);
writeFileSync(
  page,
  before.replace(pattern, () => `<!-- report -->\n\n${report}\n<!-- /report -->`),
);
if (reports.some(({ok}) => !ok)) process.exitCode = 1;
