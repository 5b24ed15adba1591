import {describe, expect, test} from '@jest/globals';
import fc from 'fast-check';
import {urlAttributes} from '../../src/opentelemetry/attributes.ts';

describe('the attributes of a URL', () => {
  test.each([
    [
      'https://host.example/a?b=c#d',
      {'url.full': 'https://host.example/a', 'server.address': 'host.example', 'server.port': 443},
    ],
    ['http://u:p@[::1]:81/a', {'url.full': 'http://[::1]:81/a', 'server.address': '[::1]', 'server.port': 81}],
    ['not a URL', {}],
  ])('of %s', (url, attributes) => {
    expect(urlAttributes(url)).toEqual(attributes);
  });

  test('never contain what follows the path', () => {
    fc.assert(
      fc.property(fc.webUrl({withQueryParameters: true, withFragments: true}), (url) => {
        const [shown] = Object.values(urlAttributes(url));
        expect(String(shown)).not.toMatch(/[?#]/);
      }),
    );
  });
});
