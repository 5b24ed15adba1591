import {expect, test} from '@jest/globals';
import {isSecureOrLoopback, readLocation, redactLocation, withoutSlashes} from '../../src/shared/location.ts';

test.each([
  ['https://graph.example/x?y', undefined, 'https://graph.example/x?y'],
  ['http://graph.example', undefined, 'http://graph.example/'],
  ['../z', 'https://graph.example/x/y', 'https://graph.example/z'],
  ['//other.example/z', 'https://graph.example/x', 'https://other.example/z'],
  ['/z', undefined, undefined],
  ['file:///z', 'https://graph.example/x', undefined],
  ['javascript:alert(1)', 'https://graph.example/x', undefined],
  ['https://user@graph.example/', undefined, undefined],
  ['https://:password@graph.example/', undefined, undefined],
  ['https://', 'https://graph.example/x', undefined],
  ['https://graph.example/a,b, https://graph.example/a,b', undefined, 'https://graph.example/a,b'],
  ['/a, /a', 'https://graph.example/x', 'https://graph.example/a'],
  ['/a, /b', 'https://graph.example/x', 'https://graph.example/a,%20/b'],
  [', ', 'https://graph.example/x/', 'https://graph.example/x/,'],
])('%s, seen from %s, is %s', (text, base, expected) => {
  expect(readLocation(text, base)?.href).toBe(expected);
});

test.each([
  ['https://graph.example', true],
  ['http://localhost', true],
  ['http://graph.localhost', false], // 76: the system may ask DNS for it
  ['http://127.0.0.1', true],
  ['http://127.255.255.255', true],
  ['http://[::1]', true],
  ['http://graph.example', false],
  ['http://notlocalhost', false],
  ['http://localhost.example', false],
  ['http://127.0.0.1.example', false],
  ['http://128.0.0.1', false],
  ['http://[::2]', false],
])('%s cannot be read on its way: %p', (text, expected) => {
  expect(isSecureOrLoopback(new URL(text).origin)).toBe(expected);
});

test.each([
  ['https://graph.example/x?sig=S#y', 'https://graph.example', 'https://graph.example/x?sig=S#y'],
  ['https://graph.example/x?sig=S#y', 'https://other.example', 'https://graph.example/x'],
  ['https://graph.example:444/x?sig=S', 'https://graph.example', 'https://graph.example:444/x'],
  ['https://graph.example/x?sig=S', '', 'https://graph.example/x'],
])('%s is shown, where the token belongs to %j, as %s', (location, tokenOrigin, expected) => {
  expect(redactLocation(location, tokenOrigin)).toBe(expected);
});

test.each([
  ['https://graph.example/', 'https://graph.example'],
  ['https://graph.example/a//', 'https://graph.example/a'],
  ['https://graph.example//a/b', 'https://graph.example//a/b'],
  ['https://graph.example/a/?b/#/', 'https://graph.example/a'],
])('%s without slashes at its end is %s', (location, expected) => {
  expect(withoutSlashes(new URL(location))).toBe(expected);
});

test('slashes at the end of a location are looked for no longer than it is long', () => {
  const url = new URL(`https://graph.example/${'/'.repeat(100_000)}a`);
  const begun = process.cpuUsage();
  withoutSlashes(url);
  expect(process.cpuUsage(begun).user / 1000).toBeLessThan(2000);
});
