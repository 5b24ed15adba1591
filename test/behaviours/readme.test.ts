import {readdirSync, readFileSync} from 'node:fs';
import {expect, test} from '@jest/globals';

const folder = new URL('./', import.meta.url);

/** The names of tests and of groups of tests that begin with the number of a row, in a file beside this one or elsewhere. */
function numberedNames(path: string): string[] {
  const matches = readFileSync(new URL(path, folder), 'utf8').matchAll(/(['"])(\d+: .+)\1,/g);
  return [...matches].map(([, , name = '']) => name);
}

const page = readFileSync(new URL('README.md', folder), 'utf8');
const rows = [...page.matchAll(/^\| (\d+) +\|.*\]\((\S+)\): `(.+)` +\|$/gm)].map(
  ([, number = '', path = '', name = '']) => ({
    number,
    path,
    name,
  }),
);

// The rows about the queue have their tests in `test/bullmq`, and are in the table as soon as they have.
const inTheQueue = new Set([62, 64]);

test('the rows are numbered from 1 to 88', () => {
  const numbers = rows.map(({number}) => Number(number)).filter((number) => !inTheQueue.has(number));
  const all = Array.from({length: 88}, (_, index) => index + 1);
  expect(numbers).toEqual(all.filter((number) => !inTheQueue.has(number)));
});

test('the test that a row names is there, and has its number', () => {
  const missing = rows.filter(({number, path, name}) => {
    return !name.startsWith(`${number}: `) || !numberedNames(path).some((each) => each.startsWith(name));
  });
  expect(missing).toEqual([]);
});

test('the number that a test of this folder has is that of a row', () => {
  const names = readdirSync(folder).flatMap((path) => (path.endsWith('.test.ts') ? numberedNames(path) : []));
  const numbers = new Set(names.map((name) => name.split(':')[0]));
  expect(rows.map(({number}) => number)).toEqual(expect.arrayContaining([...numbers]));
});
