import type {Answer} from './answer.ts';

/** One answer of a `$batch`. */
export interface BatchResponse {
  readonly id: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Left out where an answer has no body. */
  readonly body?: unknown;
}

/** An answer in the form of a batch: JSON as it is, any other content in Base64. */
export function batchResponse(id: string, answer: Answer, {capitals}: {readonly capitals: boolean}): BatchResponse {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(answer.headers)) {
    headers[capitals ? capitalized(name) : name] = typeof value === 'string' ? value : value.join(', ');
  }
  return {id, status: answer.http, headers, ...bodyOf(answer)};
}

/**
 * The same answers in an order that is not that of the requests, and always the same: the second, the fourth and so on, then the
 * others from the last to the first.
 */
export function shuffled<Item>(items: readonly Item[]): readonly Item[] {
  const odd = items.filter((_, index) => index % 2 === 1);
  const even = items.filter((_, index) => index % 2 === 0);
  return [...odd, ...even.reverse()];
}

function bodyOf({http, headers, text}: Answer): {readonly body?: unknown} {
  // As in Graph's own example.
  if (http === 204) return {body: null};
  if (text === '') return {};
  if (String(headers['content-type']).startsWith('application/json')) {
    try {
      return {body: JSON.parse(text)};
    } catch {
      // It says it is JSON but is not: it travels as it would if it said otherwise.
    }
  }
  return {body: Buffer.from(text).toString('base64')};
}

function capitalized(name: string): string {
  return name.replace(/(?<![a-z])[a-z]/g, (letter) => letter.toUpperCase());
}
