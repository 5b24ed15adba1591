import {expect, test} from '@jest/globals';
import {basicSecrets} from '../../src/http/basic-credentials.ts';

const utf8 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');

test.each<[string, string, readonly string[]]>([
  ['a user and a password', btoa('user:pass:word'), ['user:pass:word', 'pass:word']],
  ['a key in place of a user', btoa('sk_live_0123:'), ['sk_live_0123:', 'sk_live_0123']],
  ['a password alone', btoa(':password'), [':password', 'password']],
  ['a text alone', btoa('password'), ['password']],
  [
    'a password beyond ASCII, as a header and as a body has it',
    utf8('user:pässword'),
    ['user:pÃ¤ssword', 'pÃ¤ssword', 'user:pässword', 'pässword'],
  ],
  ['what is not base64', 'eyJ0.eyJ0', []],
  ['what encodes no text', btoa('\x01user:password'), []],
])('what a service knows of %s', (_, credentials, expected) => {
  expect(basicSecrets(credentials)).toEqual(expected);
});
