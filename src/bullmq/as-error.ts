import {messageOf} from '../shared/describe-error.ts';

/** What was thrown, as an error. */
export function asError(thrown: unknown): Error {
  try {
    if (thrown instanceof Error) return thrown;
  } catch {
    // A proxy that nothing can be asked of.
  }
  return new Error(messageOf(thrown));
}
