import {type Context, SpanStatusCode, type Tracer} from '@opentelemetry/api';
import type {SucceededEvent} from '../operation/events.ts';
import type {OperationPoller} from '../poller.ts';
import {attributeNames, spanNames} from './names.ts';

/**
 * A span for the fetching of a result, which comes after the end of the watch. Of that no event tells, and to ask for
 * `result()` would not do: its promise is shared, and a rejection that we had seen would no longer be reported to a host
 * that forgot to look. An iteration is ours alone.
 *
 * @param isOpen whether anybody still wants to know
 */
export async function resultSpan(
  poller: OperationPoller,
  tracer: Tracer,
  inside: Context,
  {at, operation}: SucceededEvent,
  isOpen: () => boolean,
): Promise<void> {
  let failed: unknown;
  try {
    for await (const _ of poller);
  } catch (error) {
    failed = error;
  }
  // What has the result already is left as it is: nothing was fetched.
  const isFetched = failed !== undefined || poller.operation !== operation;
  if (!isFetched || !isOpen()) return;
  const span = tracer.startSpan(spanNames.result, {startTime: new Date(at)}, inside);
  if (failed instanceof Error) {
    span.setAttribute(attributeNames.error, failed.name);
    // That it was stopped is what somebody wanted.
    if (failed.name !== 'WatchAbortedError') span.setStatus({code: SpanStatusCode.ERROR});
  }
  span.end(new Date(Math.max(at, Date.now())));
}
