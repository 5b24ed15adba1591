import {
  type Context,
  context,
  type Link,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type {OperationEvent, SucceededEvent} from '../operation/events.ts';
import {failureKind} from '../operation/reducer.ts';
import type {OperationPoller} from '../poller.ts';
import {isTakenOver} from '../runner/taken-over.ts';
import {now, processClock} from '../shared/clock.ts';
import type {Subscription} from '../shared/listeners.ts';
import {responseAttributes, urlAttributes} from './attributes.ts';
import type {Meters} from './meters.ts';
import {attributeNames, spanNames} from './names.ts';
import {type WatchOutcome, watchOutcome} from './outcome.ts';
import {reduceTimeline, type Segment, startTimeline} from './timeline.ts';

/** Where spans and measurements go. */
export interface Telemetry {
  readonly tracer: Tracer;
  readonly meters: Meters;
}

/** Events that are recorded on the watch's span. */
const spanEvents: ReadonlySet<OperationEvent['type']> = new Set([
  'notStarted',
  'running',
  'unknownStatus',
  'relocated',
  'stalled',
]);

/**
 * One span for a whole watch, with a child for each request, each wait, and the fetching of a result. A poller whose watch
 * has ended emits no more events, so it gets no span.
 *
 * @param links the spans that led to the watch
 * @param onDone called once when the last span has ended
 */
export function instrumentPoller(
  poller: OperationPoller,
  {tracer, meters}: Telemetry,
  links: Link[],
  onDone: () => void,
): Subscription {
  // A resume token contains more than may be exported; only this is used.
  const {protocol, startedAt, endedAt, attempt} = poller.toJSON();
  if (endedAt !== undefined) return {unsubscribe: () => undefined};
  const startTime = now();
  // A token has times of the wall clock, an event those of the process's clock.
  const began = startedAt - processClock.wallOffset();
  const attributes = {[attributeNames.protocol]: protocol};
  const parent = context.active();
  const span = tracer.startSpan(spanNames.watch, {startTime: new Date(startTime), attributes, links}, parent);
  const spanContext = trace.setSpan(parent, span);
  let timeline = startTimeline(startTime, attempt);
  let isOpen = true;
  let isSubscribed = true;
  meters.addInProgress(1, protocol);

  const close = (at: number): void => {
    isOpen = false;
    subscription.unsubscribe();
    span.end(new Date(at));
    meters.addInProgress(-1, protocol);
  };
  const subscription = poller.on('*', (event) => {
    const reduced = reduceTimeline(timeline, event);
    timeline = reduced.timeline;
    for (const segment of reduced.segments) {
      const child = startSegmentSpan(tracer, segment, spanContext);
      child.end(new Date(segment.to));
      meters.recordSegment(segment, protocol);
    }
    if (event.type === 'retrying') meters.countRetry(failureKind(event.error), protocol);
    if (spanEvents.has(event.type)) span.addEvent(`operation.${event.type}`, {}, new Date(timeline.now));
    const outcome = watchOutcome(event);
    if (outcome === undefined) return;
    // Whoever has taken it over reports how it ends.
    if (event.type !== 'abandoned' || !isTakenOver(poller)) {
      setOutcome(span, outcome, event);
      meters.recordOutcome(outcome, {protocol, duration: Math.max(0, event.at - began) / 1000});
    }
    close(timeline.now);
    if (event.type !== 'succeeded') return onDone();
    void traceResult(poller, tracer, spanContext, event, () => isSubscribed).then(onDone);
  });
  return {
    unsubscribe: () => {
      isSubscribed = false;
      if (!isOpen) return;
      close(Math.max(timeline.now, now()));
      onDone();
    },
  };
}

/**
 * A span for the fetching of a result, which begins when the watch has ended. No event reports it, and `result()` will not do: its
 * promise is shared, so handling a rejection here would hide it from a host that forgot to. An iteration is ours alone.
 */
async function traceResult(
  poller: OperationPoller,
  tracer: Tracer,
  parent: Context,
  {at, operation}: SucceededEvent,
  isSubscribed: () => boolean,
): Promise<void> {
  let error: unknown;
  try {
    for await (const _ of poller);
  } catch (thrown) {
    error = thrown;
  }
  // Without a fetch, the operation stays the one of the event.
  const isFetched = error !== undefined || poller.operation !== operation;
  if (!isFetched || !isSubscribed()) return;
  const span = tracer.startSpan(spanNames.result, {startTime: new Date(at)}, parent);
  if (error instanceof Error) {
    span.setAttribute(attributeNames.error, error.name);
    // A stop is deliberate and therefore not an error.
    if (error.name !== 'WatchAbortedError') span.setStatus({code: SpanStatusCode.ERROR});
  }
  span.end(new Date(Math.max(at, now())));
}

/** Starts the span of a segment; the caller ends it when the segment ended. */
export function startSegmentSpan(tracer: Tracer, segment: Segment, parent: Context, links: Link[] = []): Span {
  const startTime = new Date(segment.from);
  if (segment.is === 'wait') {
    return tracer.startSpan(spanNames.wait, {startTime, attributes: {[attributeNames.cause]: segment.cause}}, parent);
  }
  const {attempt, location, httpStatus, error} = segment;
  const attributes = {
    [attributeNames.method]: 'GET',
    [attributeNames.attempt]: attempt,
    ...urlAttributes(location),
    ...responseAttributes(httpStatus, error),
  };
  const span = tracer.startSpan(spanNames.poll, {kind: SpanKind.CLIENT, startTime, attributes, links}, parent);
  if (error !== undefined && !segment.aborted) span.setStatus({code: SpanStatusCode.ERROR});
  return span;
}

export function setOutcome(span: Span, {attributes}: WatchOutcome, {attempt}: OperationEvent): void {
  span.setAttributes({...attributes, [attributeNames.attempt]: attempt});
  if (attributes[attributeNames.error] !== undefined) span.setStatus({code: SpanStatusCode.ERROR});
}
