import {randomUUID} from 'node:crypto';
import {join} from 'node:path';
import {pathToFileURL} from 'node:url';
import type {TestedRunner} from 'operation-poller/testing';
import postgres from 'postgres';
import {fetchPackages} from '../../support/packages.ts';
import {forkProgram} from '../../testing/runner-kit/fork-program.ts';
import {processRunner} from '../../testing/runner-kit/process-runner.ts';

/** The versions that are tested; docs/engine-recipes.md names the same. */
const dbos = '@dbos-inc/dbos-sdk@5.3.0';

/** Fetches the SDK by npm. @returns its URL */
export async function fetchDbos(): Promise<string> {
  const folder = await fetchPackages('dbos-5.3.0', [dbos]);
  return pathToFileURL(join(folder, 'node_modules/@dbos-inc/dbos-sdk/dist/src/index.js')).href;
}

/** DBOS on a PostgreSQL server, with a database of its own. */
export function openDbos(sdk: string, server: string): TestedRunner {
  const name = `kit_${randomUUID().replaceAll('-', '')}`;
  const database = new URL(name, server).href;
  return processRunner({
    cannot: {
      severalInstances: 'without DBOS Conductor a process goes on only with workflows of its own',
      clockAhead: 'there is no second instance whose clock could differ',
    },
    fork: (instance) => forkProgram('engines/dbos/dbos-process', {sdk, database, instance}),
    stored: () => contentOf(database),
    remove: () => onServer(server, (sql) => sql`drop database if exists ${sql(name)} with (force)`),
  });
}

/** All rows of the tables of DBOS, as text. */
function contentOf(database: string): Promise<string> {
  return onServer(database, async (sql) => {
    const tables = await sql<{name: string}[]>`
      select table_name as name from information_schema.tables where table_schema = 'dbos' and table_type = 'BASE TABLE'`;
    const rows = await Promise.all(tables.map(({name}) => sql`select * from ${sql('dbos')}.${sql(name)}`));
    return JSON.stringify(rows);
  });
}

async function onServer<Result>(url: string, work: (sql: postgres.Sql) => Promise<Result>): Promise<Result> {
  const sql = postgres(url, {max: 1, onnotice: () => {}, fetch_types: false});
  try {
    return await work(sql);
  } finally {
    await sql.end();
  }
}
