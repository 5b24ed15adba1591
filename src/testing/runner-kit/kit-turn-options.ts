import {checkObject} from '../checks.ts';
import {StallMonitor, type Stalls, worstOf} from './stalls.ts';
import type {RunnerInstanceOptions} from './tested-runner.ts';

/** What the kit learns about an end. */
export interface ReportedEnd extends Stalls {
  readonly id: string;
  readonly key: string;
  readonly data: unknown;
  /** The outcome's `status`. */
  readonly status: string;
  /** The `reason` of an outcome whose status is `'abandoned'`. */
  readonly reason?: string | undefined;
  /** The `result` of the operation. */
  readonly result?: unknown;
}

/** Where stalls are reported, below the URL for ends. */
export const stallsPath = '/stalls';
/** By how much the stalls of a process grow before it reports them again. */
const growth = 1.5;
/** Stalls that are not worth a report. */
const short: Stalls = {stall: 10, lost: 100};

/** What `onEnd` gets, as far as the kit looks at it. */
export interface EndToReport {
  readonly id: string;
  readonly key: string;
  readonly data?: unknown;
  readonly outcome: {
    readonly status: string;
    readonly reason?: string;
    readonly operation?: {readonly status: string; readonly result?: unknown} | undefined;
  };
  readonly signal?: AbortSignal | undefined;
}

/** The options of a turn that the kit asks for. */
export interface KitTurnOptions {
  readonly token: string;
  readonly schedule: () => number;
  readonly requestTimeout: number;
  readonly fetchResult: true;
  /** Reports an end to the kit; rejects where the kit refuses it. */
  readonly onEnd: (ended: EndToReport) => Promise<void>;
}

/**
 * The options of `takeTurn`, or of anything that takes a poller's options and an `onEnd`, for an instance that the kit has
 * started.
 *
 * @param instance what the kit gave to `start`
 * @throws TypeError where it is no object
 *
 * @example
 * ```ts
 * const options = kitTurnOptions(instance);
 * const turn = await takeTurn(record, options, Date.now() + instance.clockAhead);
 * ```
 */
export function kitTurnOptions(instance: RunnerInstanceOptions): KitTurnOptions {
  checkObject('instance', instance);
  const {token, pollInterval, requestTimeout, endsUrl} = instance;
  const monitor = new StallMonitor();
  const report = (url: string, what: Stalls, signal: AbortSignal | null = null): Promise<Response> =>
    fetch(url, {method: 'POST', headers: {'content-type': 'application/json'}, body: JSON.stringify(what), signal});
  let reported = short;
  /** Reports stalls before an end, which a process that is killed does not report. */
  const reportStalls = (): void => {
    const stalls = monitor.look();
    if (stalls.stall < growth * reported.stall && stalls.lost < growth * reported.lost) return;
    reported = worstOf([reported, stalls]);
    // A kit that is over needs to know nothing.
    report(`${endsUrl}${stallsPath}`, stalls).catch(() => {});
  };
  return {
    token,
    schedule: () => {
      reportStalls();
      return pollInterval;
    },
    requestTimeout,
    fetchResult: true,
    onEnd: async ({id, key, data, outcome, signal}) => {
      const {status, reason, operation} = outcome;
      const end: ReportedEnd = {id, key, data, status, reason, result: operation?.result, ...monitor.look()};
      const response = await report(endsUrl, end, signal ?? null);
      if (!response.ok) throw new Error(`The kit refused the end: ${response.status}`);
    },
  };
}
