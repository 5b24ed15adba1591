import {readFileSync} from 'node:fs';
import {expect, test} from '@jest/globals';
import {bugs} from './bugs.ts';

test.each(bugs)('$name: the text to replace occurs once in $file', ({file, search, replace}) => {
  const source = readFileSync(new URL(`../../src/${file}`, import.meta.url), 'utf8');
  expect(source.split(search).length - 1).toBe(1);
  expect(replace).not.toBe(search);
});
