import type {ReadContext} from '../protocol/read.ts';
import {redact, redactJson} from './redact.ts';
import type {ServiceResponse} from './service-response.ts';

/** What a protocol's `read` gets of a response besides its body. */
export function readContext({status, headers, secrets}: ServiceResponse): ReadContext {
  const shown = ([name, value]: [string, string]): [string, string] => [name, redact(value, secrets, value.length)];
  return {
    httpStatus: status,
    headers: () => new Headers([...headers.entries()].map(shown)),
    redact: (json) => redactJson(json, secrets),
  };
}
