import {readFileSync} from 'node:fs';
import {describe, expect, test} from '@jest/globals';
import {attributeNames, metricNames, spanNames} from '../../src/opentelemetry/names.ts';

const page = readFileSync(new URL('../../docs/telemetry.md', import.meta.url), 'utf8');

function rows(heading: string): string[] {
  const [, section = ''] = page.split(`\n## ${heading}\n`);
  const [own = ''] = section.split('\n## ');
  return [...own.matchAll(/^\| `([\w.]+)`/gm)].map(([, name = '']) => name);
}

describe('docs/telemetry.md lists all of', () => {
  test.each([
    ['Spans', spanNames],
    ['Attributes', attributeNames],
    ['Metrics', metricNames],
  ])('%s', (heading, names) => {
    expect(rows(heading).sort()).toEqual(Object.values(names).sort());
  });
});
