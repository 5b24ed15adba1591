import {PollError, type PollErrorFacts} from './errors.ts';

/** A {@link PollError} as JSON; it holds no request, header or body to begin with. */
export interface PollErrorJson extends PollErrorFacts {
  readonly message: string;
}

/** Writes a failed request. */
export function writePollError(error: PollError): PollErrorJson {
  const {message, kind, transient, throttled, answer, code, retryAfter, ends} = error;
  // Left out where it follows from the HTTP status.
  const own = throttled && answer?.httpStatus !== 429 ? {throttled} : {};
  return {message, kind, transient, ...own, answer, code, retryAfter, ends};
}

/** Reads what {@link writePollError} wrote. */
export function readPollError({message, answer, ...facts}: PollErrorJson): PollError {
  return new PollError(String(message), {
    ...facts,
    answer: answer === undefined ? undefined : Object.freeze({...answer}),
  });
}
