import {describe, expect, test} from '@jest/globals';
import {secretsOf} from '../../src/client/header-secrets.ts';

const root = 'https://api.example.com/contoso-tenant-1234';
const basic = `Basic ${btoa('user:pass:word')}`;

describe('what must not be shown of a header', () => {
  test.each<[string, string, string, readonly string[]]>([
    ['its value', 'x-api-key', ' 0123456789 ', ['0123456789']],
    ['its whole value where it is no credentials', 'x-id', 'id=1, key=abc', ['id=1, key=abc']],
    ['no scheme', 'authorization', 'Bearer  abc', ['abc']],
    ['a scheme in another header', 'x-authorization', 'Bearer abc', ['Bearer abc']],
    ['a password', 'authorization', basic, [basic.slice(6), 'user:pass:word', 'pass:word']],
    ['no password where there is none', 'authorization', 'Basic *', ['*']],
    ['what has the name of a secret', 'authorization', 'HMAC id=me, key="abc"', ['id=me, key="abc"', 'abc']],
    [
      'what has the name of a secret in a cookie',
      'cookie',
      'lang=en; session_token=zyx',
      ['lang=en; session_token=zyx', 'zyx'],
    ],
    ['a signature', 'authorization', 'Shared me:0123456789abcdef', ['me:0123456789abcdef', '0123456789abcdef']],
    ['a value that looks like a secret', 'cookie', 'a=0123456789abcdef', ['a=0123456789abcdef', '0123456789abcdef']],
    ['none that is short', 'cookie', 'a=0123456789abcde', ['a=0123456789abcde']],
    ['none without digits', 'cookie', 'a=abcdefghijklmnop', ['a=abcdefghijklmnop']],
    ['none without letters', 'cookie', 'a=0123456789012345', ['a=0123456789012345']],
    ['none with other characters', 'cookie', 'a=0123456789abcdef!', ['a=0123456789abcdef!']],
    ['no UUID', 'cookie', 'a=01234567-89ab-cdef-0123-456789abcdef', ['a=01234567-89ab-cdef-0123-456789abcdef']],
    ['nothing of the root', 'cookie', 'a=contoso-tenant-1234', ['a=contoso-tenant-1234']],
    ['a key, nor what it is in a host', 'x-api-key', 'ABC-Def-1', ['ABC-Def-1', 'abc-def-1']],
    ['nothing of the root, in a host either', 'x-api-key', 'Contoso-Tenant-1234', ['Contoso-Tenant-1234']],
    ['no other value in a host', 'x-tenant', 'Contoso', ['Contoso']],
    ['a key, nor its decoded form', 'x-api-key', 'abc%2Bdefgh%3D', ['abc%2Bdefgh%3D', 'abc+defgh=', 'abc%2bdefgh%3d']],
    [
      'a signature, nor its decoded form',
      'authorization',
      'SharedAccessSignature sr=a&sig=abc%2Bdef%3D&se=1',
      ['sr=a&sig=abc%2Bdef%3D&se=1', 'abc%2Bdef%3D', 'abc+def=', 'abc%2bdef%3d'],
    ],
  ])('%s', (_, name, value, expected) => {
    expect(secretsOf({[name]: value}, root)).toEqual(expected);
  });
});
