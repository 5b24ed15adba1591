import {expect, test} from '@jest/globals';
import {readClaims} from '../../src/http/claims-challenge.ts';

const claims = '{"access_token":{"nbf":{"essential":true, "value":"1604106651"}},"name":"Zoë?>"}';
const encoded = Buffer.from(claims).toString('base64');
const inUrl = Buffer.from(claims).toString('base64url');
const other = Buffer.from('{"other":1}').toString('base64url');

test.each([
  ['quoted', `Bearer realm="", error="insufficient_claims", claims="${encoded}"`],
  ['unquoted', `Bearer claims=${inUrl}, error=insufficient_claims`],
  ['in base64url', `Bearer claims="${inUrl}"`],
  ['with spaces around the equals sign', `Bearer claims = "${encoded}"`],
  ['of another case', `bearer CLAIMS="${encoded}"`],
  ['in a quoted string with an escape', `Bearer claims="${encoded.slice(0, 5)}\\${encoded.slice(5)}"`],
  ['after a realm that contains others', `Bearer realm="a claims=${other}", claims="${encoded}"`],
  ['after a realm with quotes in it', `Bearer realm="a \\"claims=${other}\\\\", claims="${encoded}"`],
  ['before a realm that contains others', `Bearer claims=${inUrl}, realm="a, claims=${other}"`],
  ['after a challenge with a token of its own', `Negotiate YII==, Bearer claims="${encoded}"`],
  ['in the second of two challenges', `Basic realm="x", Bearer error="insufficient_claims", claims="${encoded}"`],
])('claims %s are read', (_, header) => {
  expect(readClaims(header)).toBe(claims);
});

test.each([
  ['no header', null],
  ['no claims', 'Bearer realm="", error="invalid_token"'],
  ['a name that only ends so', `Bearer xclaims="${encoded}"`],
  ['a name that only ends so, with a hyphen', `Bearer x-claims="${encoded}"`],
  ['a realm that contains them', `Bearer realm="a claims=${inUrl}"`],
  ['a realm that contains them, and a quote', `Bearer realm="a\\", claims=${inUrl}"`],
  ['empty claims', 'Bearer claims=""'],
  ['what is not base64', 'Bearer claims="*"'],
  ['what is not UTF-8', `Bearer claims="${Buffer.from('{"a":"\xff"}', 'latin1').toString('base64')}"`],
  ['what is not JSON', `Bearer claims="${Buffer.from('{"a"').toString('base64')}"`],
])('%s gives none', (_, header) => {
  expect(readClaims(header)).toBeUndefined();
});

test('a header of any length gives none or some', () => {
  for (const part of ['claims ', 'claims=', 'claims="', '"\\', 'a"', ' claims=a\\', '\\"']) {
    for (const length of [1_000_000, 10_000_000]) {
      expect(readClaims(`Bearer ${part.repeat(length / part.length)}`)).toBeUndefined();
    }
  }
  expect(readClaims(`Bearer realm="${'x'.repeat(100_000)}", claims="${encoded}"`)).toBe(claims);
});
