import {expect, test} from '@jest/globals';
import {unknownName} from '../../src/shared/unknown-name.ts';

test.each([
  ['timeout', '. Did you mean requestTimeout or totalTimeout?'],
  ['total', '. Did you mean totalTimeout?'],
  ['Timeo', '. Did you mean requestTimeout or totalTimeout?'],
  ['totalTimeut', '. Did you mean totalTimeout?'],
  ['totalTemeoud', '. Did you mean totalTimeout?'],
  ['tatalTemeoud', ''],
  ['out', ''],
])('what %s may mean: %j', (name, hint) => {
  expect(unknownName('option', name, ['requestTimeout', 'totalTimeout', 'token'], 'retry.')).toEqual(
    new TypeError(`retry.${name}: there is no such option; there are requestTimeout, totalTimeout, token${hint}`),
  );
});
