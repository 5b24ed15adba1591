import type {GraphCloud} from '../graph/clouds.ts';
import type {GraphPollOptions} from '../graph/graph-client.ts';
import {fixed} from '../schedule/schedule.ts';
import type {TokenOptions} from './access-token.ts';
import type {ReportOptions} from './reporter.ts';
import type {Shell} from './shell.ts';

/** The options of the commands that watch. Times in milliseconds. */
export interface WatchingOptions extends TokenOptions, ReportOptions {
  readonly cloud?: GraphCloud;
  readonly timeout?: number;
  readonly interval?: number;
}

/** What of them the library takes as it is. */
export function pollOptions(
  {timeout, interval, notFoundGrace}: WatchingOptions,
  {signal}: Pick<Shell, 'signal'>,
): GraphPollOptions {
  const schedule = interval === undefined ? undefined : fixed(interval);
  return {totalTimeout: timeout, schedule, notFoundGrace, signal};
}
