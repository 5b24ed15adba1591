import {describe, expect, test} from '@jest/globals';
import type {TokenSource} from '../../src/http/authorization.ts';
import {secretsWith} from '../../src/http/token-secrets.ts';

describe('what must not be shown', () => {
  const others = {secrets: ['header-value'], credentials: []};

  test('is a token that is always the same, whether the request carries it or not, and the others', () => {
    expect(secretsWith('token-1', undefined, others).secrets).toEqual(['token-1', 'header-value']);
    expect(secretsWith('token-1', 'token-1', {secrets: [], credentials: []}).secrets).toEqual(['token-1']);
    expect(secretsWith(undefined, undefined, others)).toBe(others);
  });

  test('is the last four tokens of a function, each once', () => {
    const source: TokenSource = () => '';
    const secretsAfter = (...tokens: readonly string[]): unknown =>
      tokens.map((token) => secretsWith(source, token, others).secrets).at(-1);
    expect(secretsAfter('token-1')).toEqual(['token-1', 'header-value']);
    expect(secretsAfter('token-2', 'token-3', 'token-4')).toEqual([
      'token-4',
      'token-3',
      'token-2',
      'token-1',
      'header-value',
    ]);
    expect(secretsAfter('token-2')).toEqual(['token-2', 'token-4', 'token-3', 'token-1', 'header-value']);
    expect(secretsAfter('token-5')).toEqual(['token-5', 'token-2', 'token-4', 'token-3', 'header-value']);
    expect(secretsWith(source, undefined, {secrets: ['another'], credentials: []}).secrets).toEqual([
      'token-5',
      'token-2',
      'token-4',
      'token-3',
      'another',
    ]);
  });

  test.each([
    ['id:secret', 'b6a7c1d2-5f4e:0f1e2d3c4b5a69788796', ['0f1e2d3c4b5a69788796']],
    ['name=secret', 'session=0f1e2d3c4b5a69788796', ['0f1e2d3c4b5a69788796']],
    ['name="secret"', 'token="0f1e2d3c4b5a6978"', ['0f1e2d3c4b5a6978']],
    ['account:signature', 'account:zFj/3e+Qm7c9Zk2a=', ['zFj/3e+Qm7c9Zk2a', 'zfj/3e+qm7c9zk2a']],
    ['an ordinary word', 'tenant:production', []],
    ['what is short', 'id:0f1e2d3c4b5a697', []],
    ['base64', btoa('\x01secret:0123456789abcdef'), []],
  ])('is the secret alone, too, of a token in two parts: %s', (_, token, parts) => {
    const {secrets} = secretsWith(token, token, {secrets: [], credentials: []});
    expect(secrets).toEqual([...new Set([token, token.toLowerCase(), ...parts])]);
  });

  test('is the same list as long as nothing changes', () => {
    const source: TokenSource = () => '';
    const first = secretsWith(source, 'token-1', others);
    expect(secretsWith(source, 'token-1', others)).toBe(first);
    expect(secretsWith(source, undefined, others)).toBe(first);
  });

  test.each<[string, TokenSource]>([
    ['a token', 'token-1'],
    ['a function', () => ''],
  ])(
    'in no URL either are the tokens of %s and the credentials, in one list where there is nothing else',
    (_, source) => {
      const {credentials} = secretsWith(source, 'token-1', {secrets: ['version', 'key'], credentials: ['key']});
      expect(credentials).toEqual(['token-1', 'key']);
      const alone = secretsWith(source, 'token-1', {secrets: ['key'], credentials: ['key']});
      expect(alone.credentials).toBe(alone.secrets);
    },
  );
});
