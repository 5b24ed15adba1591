import {describe, expect, test} from '@jest/globals';
import {mayBeEscaped, withoutEscapes} from '../../src/http/escapes.ts';

test.each([
  ['a\\b', true],
  ['a%b', true],
  ['a;b&c', true],
  ['a&b', false],
  ['a;b', false],
  ['a', false],
])('%s may be escaped: %p', (text, expected) => {
  expect(mayBeEscaped(text)).toBe(expected);
});

const zeros = '0'.repeat(27);

describe('without escapes', () => {
  test.each<[string, string, string]>([
    ['percent-encoding', '%41%5a%5A%30%39%2F%3a%ff%00', 'AZZ09/:\u00ff\0'],
    ['a percent sign before an escape', '%%41', '%A'],
    ['digits that are escaped themselves', '%%34%31 &#%36%35;', 'A A'],
    ['JavaScript', '\\x41\\X41\\u0041\\U0041\\u20aC\\u00411\\x4141', 'AAAA\u20acA1A41'],
    ['quotes and slashes', '\\"\\\'\\/\\\\', '"\'/\\'],
    ['numbers of HTML', '&#65;&#x41;&#X41;&#9;&#1114111;&#x10FFFF;', 'AAA\t\uffff\uffff'],
    ['an escape of HTML of 32 characters', `&#${zeros}65;`, 'A'],
    ['names of HTML in either case', '&amp;&AMP;&Lt;', '&&<'],
    [
      'all names of HTML that secrets need',
      '&gt;&quot;&apos;&plus;&sol;&equals;&period;&lowbar;&colon;&comma;&semi;&percnt;&bsol;&num;&excl;&dollar;&ast;&commat;' +
        '&quest;&lpar;&rpar;&lsqb;&rsqb;&lcub;&rcub;&verbar;',
      '>"\'+/=._:,;%\\#!$*@?()[]{}|',
    ],
    ['semicolons beside a name', ';&lt;;&lt&gt;', ';<;&lt>'],
    ['one kind within another', '%2541 &amp;#65; %26#65; &#37;41 &percnt;41', 'A A A A A'],
    ['JavaScript within another kind', '\\\\u0041 \\u005cu0041 %5cx41 &bsol;x41 \\x26lt;', 'A A A A <'],
    ['characters of two codes', '\u{1f600}%41', '\u{1f600}A'],
    ['a long text', `\ufeff${'a'.repeat(990)}${'%41'.repeat(20)}`, `\ufeff${'a'.repeat(990)}${'A'.repeat(20)}`],
  ])('%s', (_, text, expected) => {
    expect(withoutEscapes(text)).toBe(expected);
    expect(withoutEscapes(`${text} behind`)).toBe(`${expected} behind`);
    expect(withoutEscapes(`In front: ${text}`)).toBe(`In front: ${expected}`);
  });

  test.each([
    // What lies next to digits and letters.
    ...['%4', '%', '%4 1', '%4/', '%4:', '%4@', '%4`', '%4g', '%4G', '%/4', '%:4', '%@4', '%`4', '%g4', '%\u01411'],
    ...['\\x4', '\\y41', '\\w41', '\\u004', '\\v0041', '\\t0041', '\\u+041', '\\u004g', '\\'],
    ...['\\n', '\\!', '\\#', '\\&', '\\(', '\\.', '\\0', '\\[', '\\]'],
    ...['&;', '&#;', '&#x;', '&#6a;', '&#6:;', '&#6/;', '&#x4g;', '&x41;', '&41;', '#65;', '&amp', '&#65'],
    ...['&#1114112;', '&#x110000;', `&#0${zeros}65;`],
    // A name is read as a number: none has that of another one.
    ...[
      '&am;',
      '&mp;',
      '&zamp;',
      '&ampz;',
      '&`amp;',
      '&a`mp;',
      '&amp`;',
      '&a{mp;',
      '&ft;',
      '&gu;',
      '&rct};',
      '&j\u00aa;',
    ],
    ...[';lt;', '&l;t;', '&l&t;'],
  ])('%s stays as it is', (text) => {
    expect(withoutEscapes(text)).toBe(text);
    expect(withoutEscapes(`In front: ${text}`)).toBe(`In front: ${text}`);
  });
});
