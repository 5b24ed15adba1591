import {messageOf} from '../shared/describe-error.ts';

/** How long errors are collected, in milliseconds: those of one stall come together. */
const window = 1000;

// BullMQ has no classes for these. Nothing else that a worker reports has one of these forms, whatever text of others is in it.
const lockError =
  /^(?:(?:Missing lock|Lock mismatch|could not renew lock) for job|Job) (\S+?)(?:$|\. | is not in the active state)/;

/**
 * Combines the many errors of a stall into one: a worker that got no CPU time for so long that it lost its jobs to others
 * causes two or three for each job. That of a single job is reported unchanged.
 *
 * @returns what takes the errors, and what reports at once those that were collected
 */
export function foldLockErrors(onError: (error: Error) => void) {
  const jobs = new Set<string>();
  let first: Error | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    const cause = first;
    if (cause === undefined) return;
    const {size} = jobs;
    first = undefined;
    jobs.clear();
    onError(size === 1 ? cause : new Error(`Missing lock for ${size} jobs, which others have taken over`, {cause}));
  };
  return {
    report: (error: Error) => {
      const [, id] = lockError.exec(messageOf(error)) ?? [];
      if (id === undefined) return onError(error);
      jobs.add(id);
      if (first !== undefined) return;
      first = error;
      timer = setTimeout(flush, window);
    },
    flush,
  };
}
