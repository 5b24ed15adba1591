import {expect, test} from '@jest/globals';
import {sharedText} from '../../src/shared/shared-text.ts';

test('each text comes back as it is, and of two users none gets a text of the other', () => {
  const shared = sharedText();
  const other = sharedText();
  const given = ['a', 'a', 'b', '', 'a', 'b'];
  expect(given.map((text) => [shared(text), other(`${text}!`)])).toEqual(given.map((text) => [text, `${text}!`]));
});

test('the same text behind another prefix is another text', () => {
  const shared = sharedText();
  expect([shared('a', 'Bearer '), shared('a', 'Key '), shared('a'), shared('b', 'Bearer ')]).toEqual([
    'Bearer a',
    'Key a',
    'a',
    'Bearer b',
  ]);
});
