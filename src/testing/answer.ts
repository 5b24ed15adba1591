import type {Fault} from './operation-step.ts';

/** An answer as plain data: all that is needed to send it over HTTP, or later to put it into a batch. */
export interface Answer {
  readonly http: number;
  /** Header names in lower case, so that one set of headers can replace another. */
  readonly headers: AnswerHeaders;
  readonly text: string;
  /** Milliseconds to hold the answer back. */
  readonly delay?: number | undefined;
  readonly fault?: Fault | undefined;
}

export type AnswerHeaders = Readonly<Record<string, string | string[]>>;

/** As Graph writes it; a client that compares the whole header with `application/json` is wrong. */
const jsonType = 'application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8';

/** HTTP gives these no body, whatever a script says. */
const withoutBody: readonly number[] = [204, 205, 304];

export function jsonAnswer(http: number, body: unknown, headers: AnswerHeaders = {}): Answer {
  if (withoutBody.includes(http)) return {http, headers, text: ''};
  return {http, headers: {'content-type': jsonType, ...headers}, text: JSON.stringify(body)};
}

export function textAnswer(http: number, text: string, headers: AnswerHeaders = {}): Answer {
  if (text === '' || withoutBody.includes(http)) return {http, headers, text: ''};
  const type = text.trimStart().startsWith('<') ? 'text/html; charset=utf-8' : jsonType;
  return {http, headers: {'content-type': type, ...headers}, text};
}
