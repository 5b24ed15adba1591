import {expect, test} from '@jest/globals';
import {keepLinks, linksOf} from '../../src/protocol/links.ts';

test.each([[undefined], [null], ['text'], [5]])('%p has no others', (body) => {
  keepLinks(body, {at: '/a'});
  expect(linksOf(body)).toBe(body);
});

test('a body has its own links, and a copy of it has none', () => {
  const [body, links] = [{at: '[token]'}, {at: '/a'}];
  expect(linksOf(body)).toBe(body);
  keepLinks(body, links);
  expect([linksOf(body), linksOf({...body})]).toEqual([links, body]);
});
