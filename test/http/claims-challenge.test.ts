import {expect, test} from '@jest/globals';
import {readClaims} from '../../src/http/claims-challenge.ts';

const claims = '{"access_token":{"nbf":{"essential":true, "value":"1604106651"}},"name":"Zoë?>"}';
const encoded = Buffer.from(claims).toString('base64');
const inUrl = Buffer.from(claims).toString('base64url');

test.each([
  ['quoted', `Bearer realm="", error="insufficient_claims", claims="${encoded}"`],
  ['unquoted', `Bearer claims=${inUrl}, error=insufficient_claims`],
  ['in base64url', `Bearer claims="${inUrl}"`],
  ['with spaces around the equals sign', `Bearer claims = "${encoded}"`],
  ['of another case', `bearer CLAIMS="${encoded}"`],
  ['in the second of two challenges', `Basic realm="x", Bearer error="insufficient_claims", claims="${encoded}"`],
])('claims %s are read', (_, header) => {
  expect(readClaims(header)).toBe(claims);
});

test.each([
  ['no header', null],
  ['no claims', 'Bearer realm="", error="invalid_token"'],
  ['a name that only ends so', `Bearer xclaims="${encoded}"`],
  ['empty claims', 'Bearer claims=""'],
  ['what is not base64', 'Bearer claims="*"'],
  ['what is not UTF-8', `Bearer claims="${Buffer.from('{"a":"\xff"}', 'latin1').toString('base64')}"`],
  ['what is not JSON', `Bearer claims="${Buffer.from('{"a"').toString('base64')}"`],
])('%s gives none', (_, header) => {
  expect(readClaims(header)).toBeUndefined();
});
