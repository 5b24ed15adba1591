import {describe, expect, jest, test} from '@jest/globals';
import {defaultMaxBodyLength, readBody} from '../../src/http/read-body.ts';

/** A response whose body comes in these parts, and whether the rest was discarded. */
function streamed(parts: readonly Uint8Array[], headers: Record<string, string> = {}) {
  const left = [...parts];
  const state = {discarded: false};
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const part = left.shift();
        if (part === undefined) controller.close();
        else controller.enqueue(part);
      },
      cancel() {
        state.discarded = true;
      },
    },
    {highWaterMark: 0},
  );
  return {response: new Response(body, {headers}), state};
}

const bytes = new TextEncoder().encode('añ€😀');

describe('a body', () => {
  test.each([0, 1, 4, 9])('of which a character is cut between its parts at byte %i is read whole', async (cut) => {
    const {response} = streamed([bytes.slice(0, cut), bytes.slice(cut)]);
    expect(await readBody(response, 100)).toBe('añ€😀');
  });

  test('that ends within a character says so', async () => {
    expect(await readBody(streamed([bytes.slice(0, 2)]).response, 100)).toBe('a\ufffd');
  });

  test.each([
    ['as long as may be', 10, 'añ€😀', false],
    ['a byte longer', 9, undefined, true],
  ])('%s, with no length announced', async (_, limit, expected, discarded) => {
    const {response, state} = streamed([bytes.slice(0, 5), bytes.slice(5), new Uint8Array()]);
    expect([await readBody(response, limit), state.discarded]).toEqual([expected, discarded]);
  });

  test('is measured unpacked where the length announced is that of a compressed one', async () => {
    const {response, state} = streamed([bytes, bytes], {'content-length': '5', 'content-encoding': 'gzip'});
    expect([await readBody(response, 15), state.discarded]).toEqual([undefined, true]);
  });

  test('that announces its length is read without a look at its parts', async () => {
    const {response} = streamed([bytes], {'content-length': '10'});
    const parts = jest.spyOn(response, 'body', 'get');
    expect(await readBody(response, 10)).toBe('añ€😀');
    expect(parts).not.toHaveBeenCalled();
  });

  test('that announces more than may be is discarded', async () => {
    const {response, state} = streamed([bytes, bytes], {'content-length': '10'});
    expect([await readBody(response, 9), state.discarded]).toEqual([undefined, true]);
  });

  test.each([
    ['as long as announced', 10, 'abcdefghij'],
    ['longer than announced and allowed', 9, undefined],
  ])('that is %s', async (_, limit, expected) => {
    const {response} = streamed([new TextEncoder().encode('abcdefghij')], {'content-length': String(limit)});
    expect(await readBody(response, limit)).toBe(expected);
  });

  test('may have 1 MiB by default', async () => {
    expect(defaultMaxBodyLength).toBe(1_048_576);
    const text = 'x'.repeat(1_048_576);
    expect(await readBody(new Response(text))).toBe(text);
    expect(await readBody(new Response(`${text}x`))).toBeUndefined();
  });

  test('that is no stream, as in React Native and in mocks of fetch, is read as text', async () => {
    const response = Object.defineProperty(new Response('añ€😀'), 'body', {value: undefined});
    expect(await readBody(response, 10)).toBe('añ€😀');
  });

  test('that is none is an empty string', async () => {
    expect(await readBody(new Response(null, {status: 204}))).toBe('');
  });
});
