import {describe, expect, test} from '@jest/globals';
import {operationLocation, resetPasswordPath} from '../../src/graph/authentication-urls.ts';

describe("a user's authentication operation", () => {
  test.each([
    ['an id', 'a/b c', '/users/adele%40contoso.com/authentication/operations/a%2Fb%20c'],
    ['an id that looks like a host', 'a.example', '/users/adele%40contoso.com/authentication/operations/a.example'],
    ['a path', '/users/x/authentication/operations/a?b=c', '/users/x/authentication/operations/a?b=c'],
    ['a URL', 'https://a.example/b?c=d', 'https://a.example/b?c=d'],
  ])('is where %s says', (_, idOrLocation, expected) => {
    expect(operationLocation('adele@contoso.com', idOrLocation)).toBe(expected);
  });

  test.each<[unknown, string]>([
    [undefined, 'id: expected a string that is not empty, got undefined'],
    [5, 'id: expected a string that is not empty, got 5'],
    ['', 'id: expected a string that is not empty, got ""'],
    ['.', 'id: expected an id, got "."'],
    ['..', 'id: expected an id, got ".."'],
    ['\ud800', 'id: expected a string, got one with half of a surrogate pair'],
  ])('has no id %j', (id, message) => {
    expect(() => operationLocation('adele', id as string)).toThrow(new TypeError(message));
  });

  test('may have an id of three dots', () => {
    expect(operationLocation('a', '...')).toBe('/users/a/authentication/operations/...');
  });

  test('needs a user', () => {
    expect(() => operationLocation('', 'a')).toThrow('user: expected a string that is not empty');
  });
});

test('a password is reset by the method that is named, or else by that of all users', () => {
  const password = '28c10230-6103-485e-b985-444c60001490';
  expect(resetPasswordPath('a')).toBe(`/users/a/authentication/methods/${password}/resetPassword`);
  expect(resetPasswordPath('a', 'b/c')).toBe('/users/a/authentication/methods/b%2Fc/resetPassword');
  expect(() => resetPasswordPath('a', '')).toThrow('methodId: expected a string that is not empty');
});
