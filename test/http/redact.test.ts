import {describe, expect, jest, test} from '@jest/globals';
import {containsSecret, isRedacted, redact, redactJson, textMayContainSecret} from '../../src/http/redact.ts';

describe('redact', () => {
  test.each([
    ['a text without the token', 'denied', 'eyJ0eXAi', 'denied'],
    ['the token, everywhere', 'eyJ0eXAi and eyJ0eXAi', 'eyJ0eXAi', '[token] and [token]'],
    ['a token with characters that a pattern would have', 'of a.b+c$&(1', 'a.b+c$&(', 'of [token]1'],
    ['a text where there is no token', 'denied', undefined, 'denied'],
    ['a token so short that it is no secret', 'denied', 'denied', 'denied'],
  ])('%s', (_, text, token, expected) => {
    expect(redact(text, token === undefined ? [] : [token])).toBe(expected);
  });

  test('shortens to 200 characters, after the token is gone', () => {
    const token = 'x'.repeat(300);
    expect(redact(`${token}${'y'.repeat(300)}`, [token])).toBe(`[token]${'y'.repeat(193)}`);
  });
});

test.each([
  ['seven characters are no secret', '1234567', false],
  ['eight characters are one', '12345678', true],
])('%s', (_, token, expected) => {
  expect(containsSecret(`a ${token} b`, [token])).toBe(expected);
  expect(containsSecret(token, [token])).toBe(expected);
  expect(redact(token, [token])).toBe(expected ? '[token]' : token);
});

test('JSON that quotes the token deeper than the stack is not kept', () => {
  const deep = JSON.parse(`{"quoted": "a-secret-token", "deep": ${'['.repeat(60_000)}${']'.repeat(60_000)}}`);
  expect(redactJson(deep, ['a-secret-token'])).toBeUndefined();
});

test('JSON without the token stays the same object, also where its keys are long', () => {
  const json = {list: [{'a key that is longer than the token': 'a text that is longer than the token'}]};
  expect(redactJson(json, ['12345678'])).toBe(json);
});

describe('JSON that quotes the token', () => {
  const token = 'a-secret-token';

  test.each<[string, unknown, unknown]>([
    ['as a whole', `of ${token}`, 'of [token]'],
    ['in a key alone', {[token]: 1}, {'[token]': 1}],
    ['in the first of several objects', {first: {token}, second: {}}, {first: {token: '[token]'}, second: {}}],
    ['in a list of lists', [[token], []], [['[token]'], []]],
  ])('%s is a copy without it', (_, json, expected) => {
    expect(redactJson(json, [token])).toEqual(expected);
  });

  test('keeps all other values', () => {
    const others = {none: null, yes: true, number: 12345678, list: [null, false, {}], text: 'a text'};
    expect(redactJson({token, ...others}, [token])).toEqual({token: '[token]', ...others});
  });
});

describe('a secret that was escaped', () => {
  const secret = 'ey+/AbC.dEf-==&x';
  const percent = (text: string): string => text.replace(/./g, (each) => `%${each.charCodeAt(0).toString(16)}`);
  const html = (text: string): string => text.replace(/./g, (each) => `&#x${each.charCodeAt(0).toString(16)};`);
  const json = (text: string): string =>
    text.replace(/./g, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`);

  test.each<[string, string]>([
    ['percent-encoded', percent(secret)],
    ['percent-encoded four times', encodeURIComponent(encodeURIComponent(encodeURIComponent(percent(secret))))],
    ['as HTML', 'ey&#x2B;&sol;AbC&#46;dEf&#0045;&equals;&#X3d;&amp;x'],
    ['as HTML, twice', html(secret).replaceAll('&', '&amp;')],
    ['as JSON in a string', JSON.stringify({a: 'tok'}).replace('tok', json(secret))],
    ['as JSON in a string of JSON', JSON.stringify(JSON.stringify({a: 'tok'}).replace('tok', json(secret)))],
    ['as a script would', secret.replaceAll('+', '\\x2b').replaceAll('/', '\\/')],
    ['as HTML in JSON in a query', percent(JSON.stringify({a: html(secret)}))],
  ])('%s is found, in texts and in keys', (_, escaped) => {
    const text = `before ${escaped} after`;
    expect(containsSecret(text, [secret])).toBe(true);
    expect(textMayContainSecret(JSON.stringify(text), [secret])).toBe(true);
    expect(redact(text, [secret])).toMatch(/^before .*\[token\].* after$/);
    expect(JSON.stringify(redactJson({[text]: [text]}, [secret]))).not.toMatch(/AbC|ey%2b/i);
  });

  test('is found where it has an escape of its own', () => {
    const encoded = 'abc%2Bdef%3D';
    for (const text of [encoded, encodeURIComponent(encoded), 'abc%2bdef&equals;']) {
      expect(redact(`sig=${text}`, [encoded])).toBe('sig=[token]');
      expect(containsSecret(`sig=${text}`, [encoded])).toBe(true);
    }
    // As long as the secret is without its escape, and with a character that may begin one.
    expect(redact('abcdefg%', ['abcdefg%25'])).toBe('[token]');
    // Eight characters without the escapes, and a text that is shorter than the secret with them.
    expect(containsSecret('abcdefg&#104;', [percent('abcdefgh')])).toBe(true);
    expect(redact('abcdefg&#104;', [percent('abcdefgh')])).toBe('[token]');
  });

  test.each([
    ['a URL', 'https://a.example/x%20y?a=1&b=%2Fz'],
    ['a path of Windows', 'C:\\users\\new'],
    ['HTML', '<a href="?a&amp;b">&unknown; &#99999999; 100 %</a>'],
  ])('but %s stays as it is', (_, text) => {
    expect(redact(text, [secret])).toBe(text);
    const body = {text};
    expect(redactJson(body, [secret])).toBe(body);
  });

  test('takes no longer than the text is long, whatever the text', () => {
    const parts = [
      '%25',
      '&amp;',
      '\\',
      '\\\\u00',
      '&#x0',
      '%',
      '&a',
      ';',
      '%25%32%35',
      '%26amp;%5cu0025',
      '&amp;amp;amp;#x',
    ];
    const hostile = parts.map((part) => part.repeat(400_000 / part.length));
    const begun = process.cpuUsage();
    for (const text of hostile) containsSecret(text, [secret]);
    expect(process.cpuUsage(begun).user / 1000).toBeLessThan(5000);
  });

  test('costs each string of a body one pass, and each secret one in all', () => {
    const secrets = [secret, 'abc%2Bdef%3D', 'ghi%2Bjkl%3D'];
    const names = Array.from({length: 1000}, (_, index) => `%41%42%43${index}`);
    const body = {...Object.fromEntries(names.map((name) => [name, name])), last: `%20${secret}`};
    const {Uint16Array: original} = globalThis;
    const decode = jest.spyOn(TextDecoder.prototype, 'decode');
    let passes = 0;
    globalThis.Uint16Array = new Proxy(original, {
      construct: (target, given) => {
        passes++;
        return Reflect.construct(target, given);
      },
    });
    try {
      expect(redactJson(body, secrets)).toEqual({...body, last: '%20[token]'});
    } finally {
      globalThis.Uint16Array = original;
      decode.mockRestore();
    }
    // Once to find out whether there is a secret, and once for the copy.
    expect(passes).toBeLessThanOrEqual(2 * (2 * names.length + 1) + secrets.length);
    expect(decode.mock.calls).toEqual([]);
  });

  test('keeps all keys of a copy, whatever they mean elsewhere', () => {
    const body: unknown = JSON.parse('{"__proto__": {"a": 1}, "toString": 2, "a": "ey+/AbC.dEf-==&x"}');
    const copy = redactJson(body, [secret]);
    expect(JSON.stringify(copy)).toBe('{"__proto__":{"a":1},"toString":2,"a":"[token]"}');
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
  });

  test('is found however deep: each kind of escape within the other', () => {
    let nested = `%${secret.charCodeAt(0).toString(16)}`;
    for (let depth = 0; depth < 40; depth++) nested = nested.replace(/^./, (each) => (each === '%' ? '&#37;' : '%26'));
    expect(redact(nested + secret.slice(1), [secret])).toBe('[token]');
  });
});

test.each([
  ['the number', '1234567890', 1234567890],
  ['a number that JSON has rounded', '12345678901234567890', JSON.parse('12345678901234567890')],
  ['the number as another writes it', '1234567800', JSON.parse('-1.2345678e9')],
  ['a part of a number', '12345678', 9123456780.5],
])('a key of digits is found as %s', (_, key, value) => {
  expect(redactJson({a: [value, 5]}, [key])).toEqual({a: ['[token]', 5]});
  expect(textMayContainSecret(JSON.stringify({a: 1}), [key])).toBe(true);
  const other = {a: [5]};
  expect(redactJson(other, [key])).toBe(other);
});

test('seven digits are no key, and a key with letters is no number', () => {
  for (const key of ['1234567', '1234567x']) {
    expect(redactJson({a: [1234567]}, [key])).toEqual({a: [1234567]});
    expect(textMayContainSecret(JSON.stringify({a: 1234567}), [key])).toBe(false);
  }
});

test.each([
  ['https://a.example/[token]/1', true],
  ['https://a.example/%5Btoken%5D', true],
  ['https://a.example/token', false],
])('%s is made of a secret: %p', (location, expected) => {
  expect(isRedacted(location)).toBe(expected);
});

describe('a key of digits in JSON', () => {
  const key = '12345678';

  test.each<[string, unknown, readonly string[]]>([
    ['a number', 12_345_678, [key]],
    ['a negative one', -12_345_678, [key]],
    ['the least of eight digits', 10_000_000, ['10000000']],
    ['digits of one with nine', 912_345_678, [key]],
    ['digits of a longer one', 9_123_456_781, [key]],
    ['digits of a fraction', 0.123_456_78, [key]],
    ['a number that JSON rounds', Number('12345678901234567890'), ['12345678901234567890']],
  ])('is redacted as %s', (_, value, secrets) => {
    expect(redactJson({value}, secrets)).toEqual({value: '[token]'});
  });

  test('is not taken for another number', () => {
    const others = {other: 12_345_679, fraction: 1_234_567.8, hexadecimal: 0x12_34_56, none: null, no: false};
    expect(redactJson({key, ...others}, [key, '0x123456'])).toEqual({key: '[token]', ...others});
  });
});

describe('escapes', () => {
  test.each([
    ['of quotes and slashes', 'ab"cd\'ef/gh\\i', 'ab\\"cd\\\'ef\\/gh\\\\i'],
    ['with letters in hexadecimal', 'secret-J-secret', 'secret-%4a-secret'],
    ['with capitals in hexadecimal', 'secret-J-secret', 'secret-\\u004A-secret'],
  ])('%s are undone', (_, secret, escaped) => {
    expect(redact(`of ${escaped}.`, [secret])).toBe('of [token].');
  });

  // Each of these would be the secret if the escape were read less strictly.
  test.each([
    ['a colon', 'secret-J-secret', 'secret-%4:-secret'],
    ['a commercial at', 'secret-I-secret', 'secret-%4@-secret'],
    ['a slash', 'secret-O-secret', 'secret-%5/-secret'],
    ['a g', 'secret-P-secret', 'secret-%4g-secret'],
    ['a letter in a decimal number', 'secret-P-secret', 'secret-&#7a;-secret'],
    ['more than Unicode has', 'secret-A-secret', 'secret-&#x110041;-secret'],
    ['more digits than are read', 'secret-A-secret', `secret-&#x${'0'.repeat(40)}41;-secret`],
    ['another letter than u', 'secret-A-secret', 'secret-\\a0041-secret'],
    ['no backslash', 'secretA-secret', 'secret-u0041-secret, 100%'],
    ['another character of four digits', 'secret-A-secret', 'secret-\\u1041-secret'],
  ])('with %s are none', (_, secret, text) => {
    expect(redact(text, [secret])).toBe(text);
    expect(containsSecret(text, [secret])).toBe(false);
  });
});
