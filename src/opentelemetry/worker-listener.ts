import {type Link, propagation, ROOT_CONTEXT, SpanKind, type TextMapGetter, trace} from '@opentelemetry/api';
import type {OperationEvent} from '../operation/events.ts';
import {setEnding, startPiece, type Telemetry} from './instrument-poller.ts';
import {attributeNames, spanNames} from './names.ts';
import {endingOf} from './outcome.ts';
import {beginTimeline, errorType, follow, type Timeline} from './timeline.ts';

/** An event as a queue's worker tells it: a poller's, with what the worker knows of the poll. */
export type WorkerEvent = OperationEvent & {
  /** The operation's id in the queue. */
  readonly id: string;
  /** The protocol's name. */
  readonly protocol: string;
  /** When watching began, in milliseconds since 1970. */
  readonly startedAt: number;
  /** When the worker asked, in milliseconds since 1970; `undefined` where nobody was asked. */
  readonly askedAt: number | undefined;
  /** What was added with the operation. */
  readonly data: unknown;
};

/**
 * Makes what hears a worker's events: a span for each poll, and one for the whole watch when this worker sees its end. The
 * polls of one watch are made by many workers, so that none can hold a span for it while it lasts.
 */
export function followWorker({tracer, meters}: Telemetry): (event: WorkerEvent) => void {
  let poll: {readonly id: string; readonly attempt: number; readonly askedAt: number | undefined} | undefined;
  let timeline: Timeline = beginTimeline(0, 0);

  return (event) => {
    const {id, protocol, startedAt, askedAt, attempt, data} = event;
    // All events of a poll are told in one turn, one after another.
    if (poll?.id !== id || poll.attempt !== attempt || poll.askedAt !== askedAt) {
      poll = {id, attempt, askedAt};
      timeline = beginTimeline(askedAt ?? event.at, askedAt === undefined ? attempt : attempt - 1);
    }
    const followed = follow(timeline, event);
    timeline = followed.timeline;
    const known = {[attributeNames.id]: id, [attributeNames.protocol]: protocol};
    for (const piece of followed.pieces) {
      if (piece.is === 'poll') {
        const span = startPiece(tracer, piece, ROOT_CONTEXT, linksOf(data));
        span.setAttributes(known);
        span.end(new Date(piece.to));
        meters.piece(piece, protocol);
      }
    }
    if (event.type === 'retrying') meters.retrying(errorType(event.error), protocol);
    // The wait has only begun, and ends elsewhere: it is measured as it is planned.
    if (event.type === 'waiting' && timeline.wait !== undefined) {
      const {dueAt: to, ...wait} = timeline.wait;
      meters.piece({is: 'wait', to, ...wait}, protocol);
    }
    const ending = endingOf(event);
    if (ending === undefined) return;
    // The watch began by another machine's clock.
    const begun = Math.min(startedAt, event.at);
    const span = tracer.startSpan(
      spanNames.watch,
      {kind: SpanKind.INTERNAL, startTime: new Date(begun), attributes: known, links: linksOf(data)},
      ROOT_CONTEXT,
    );
    setEnding(span, ending, event);
    span.end(new Date(event.at));
    meters.ended(ending, {protocol, duration: (event.at - begun) / 1000});
  };
}

// What is in Redis may be anything.
const getter: TextMapGetter<object> = {
  keys: (transport) => Object.keys(transport),
  get: (transport, key) => {
    const value: unknown = Object.hasOwn(transport, key) ? Reflect.get(transport, key) : undefined;
    return typeof value === 'string' ? value : undefined;
  },
};

/** The span that was active where the operation was added, if its context went along with it. */
function linksOf(data: unknown): Link[] {
  if (typeof data !== 'object' || data === null) return [];
  const context = trace.getSpanContext(propagation.extract(ROOT_CONTEXT, data, getter));
  return context === undefined ? [] : [{context}];
}
