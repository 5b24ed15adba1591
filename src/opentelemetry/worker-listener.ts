import {type Link, propagation, ROOT_CONTEXT, SpanKind, type TextMapGetter, trace} from '@opentelemetry/api';
import type {OperationEvent} from '../operation/events.ts';
import {failureKind} from '../operation/reducer.ts';
import type {PolledBy} from '../runner/turn-events.ts';
import {isObject} from '../shared/json.ts';
import {setOutcome, startSegmentSpan, type Telemetry} from './instrument-poller.ts';
import {attributeNames, spanNames} from './names.ts';
import {watchOutcome} from './outcome.ts';
import {reduceTimeline, startTimeline, type Timeline} from './timeline.ts';

/** An event of a worker or a tracker: a poller's event, with what is known about its poll. */
export type WorkerEvent = OperationEvent & {
  /** The operation's id, as `onEnd` gets it. */
  readonly id: string;
} & Omit<PolledBy, 'key'>;

/**
 * Creates a listener for a worker's events: a span for each poll, and one for the whole watch if this worker sees its end. Many
 * workers share the polls of a watch, so none of them can keep a span open for it.
 */
export function createWorkerListener({tracer, meters}: Telemetry): (event: WorkerEvent) => void {
  let poll: {readonly id: string; readonly attempt: number; readonly askedAt: number | undefined} | undefined;
  let timeline: Timeline = startTimeline(0, 0);

  return (event) => {
    const {id, protocol, startedAt, askedAt, attempt, data} = event;
    // All events of a poll are emitted consecutively in one turn.
    if (poll?.id !== id || poll.attempt !== attempt || poll.askedAt !== askedAt) {
      poll = {id, attempt, askedAt};
      timeline = startTimeline(askedAt ?? event.at, askedAt === undefined ? attempt : attempt - 1);
    }
    const reduced = reduceTimeline(timeline, event);
    timeline = reduced.timeline;
    const attributes = {[attributeNames.id]: id, [attributeNames.protocol]: protocol};
    for (const segment of reduced.segments) {
      if (segment.is === 'poll') {
        const span = startSegmentSpan(tracer, segment, ROOT_CONTEXT, linksFrom(data));
        span.setAttributes(attributes);
        span.end(new Date(segment.to));
        meters.recordSegment(segment, protocol);
      }
    }
    if (event.type === 'retrying') meters.countRetry(failureKind(event.error), protocol);
    // The wait has only begun, and may end in another process, so its planned duration is recorded.
    if (event.type === 'waiting' && timeline.wait !== undefined) {
      const {dueAt: to, ...wait} = timeline.wait;
      meters.recordSegment({is: 'wait', to, ...wait}, protocol);
    }
    const outcome = watchOutcome(event);
    if (outcome === undefined) return;
    // The watch may have begun by another machine's clock.
    const startTime = Math.min(startedAt, event.at);
    const from = {kind: SpanKind.INTERNAL, startTime: new Date(startTime), attributes, links: linksFrom(data)};
    const span = tracer.startSpan(spanNames.watch, from, ROOT_CONTEXT);
    setOutcome(span, outcome, event);
    span.end(new Date(event.at));
    meters.recordOutcome(outcome, {protocol, duration: (event.at - startTime) / 1000});
  };
}

// The data comes from Redis, so it may be anything.
const getter: TextMapGetter<object> = {
  keys: (data) => Object.keys(data),
  get: (data, key) => {
    const value: unknown = Object.hasOwn(data, key) ? Reflect.get(data, key) : undefined;
    return typeof value === 'string' ? value : undefined;
  },
};

/** The span that was active where the operation was added, if its context was injected into the data. */
function linksFrom(data: unknown): Link[] {
  if (!isObject(data)) return [];
  const context = trace.getSpanContext(propagation.extract(ROOT_CONTEXT, data, getter));
  return context === undefined ? [] : [{context}];
}
