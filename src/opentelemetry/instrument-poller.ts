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
import type {OperationEvent} from '../operation/events.ts';
import type {OperationPoller, Subscription} from '../poller.ts';
import {urlAttributes} from './attributes.ts';
import {answered, type Meters} from './meters.ts';
import {attributeNames, spanNames} from './names.ts';
import {type Ending, endingOf} from './outcome.ts';
import {beginTimeline, errorType, follow, type Piece} from './timeline.ts';
import {resultSpan} from './watch-result.ts';

/** Where spans and measurements go. */
export interface Telemetry {
  readonly tracer: Tracer;
  readonly meters: Meters;
}

/** Events that change what is known, worth a mark on the watch's span. */
const marks: ReadonlySet<OperationEvent['type']> = new Set([
  'notStarted',
  'running',
  'unknownStatus',
  'relocated',
  'stalled',
]);

/**
 * One span for a whole watch, with a child for each request and each wait, and for the fetching of a result. A poller whose
 * watch is over tells nothing more, so it gets none.
 *
 * @param links the spans that led here
 * @param over called once when there is nothing left to tell
 */
export function watchSpan(
  poller: OperationPoller,
  {tracer, meters}: Telemetry,
  links: Link[],
  over: () => void,
): Subscription {
  // A resume token has more in it than may be shown; this is all that is taken.
  const {protocol, startedAt, endedAt, attempt} = poller.toJSON();
  if (endedAt !== undefined) return {unsubscribe: () => undefined};
  const begun = Date.now();
  const attributes = {[attributeNames.protocol]: protocol};
  const parent = context.active();
  const span = tracer.startSpan(spanNames.watch, {startTime: new Date(begun), attributes, links}, parent);
  const inside = trace.setSpan(parent, span);
  let timeline = beginTimeline(begun, attempt);
  let open = true;
  let wanted = true;
  meters.watching(1, protocol);

  const close = (at: number): void => {
    open = false;
    subscription.unsubscribe();
    span.end(new Date(at));
    meters.watching(-1, protocol);
  };
  const subscription = poller.on('*', (event) => {
    const followed = follow(timeline, event);
    timeline = followed.timeline;
    for (const piece of followed.pieces) {
      const child = startPiece(tracer, piece, inside);
      child.end(new Date(piece.to));
      meters.piece(piece, protocol);
    }
    if (event.type === 'retrying') meters.retrying(errorType(event.error), protocol);
    if (marks.has(event.type)) span.addEvent(`operation.${event.type}`, {}, new Date(timeline.now));
    const ending = endingOf(event);
    if (ending === undefined) return;
    setEnding(span, ending, event);
    meters.ended(ending, {protocol, duration: Math.max(0, event.at - startedAt) / 1000});
    close(timeline.now);
    if (event.type === 'succeeded') void resultSpan(poller, tracer, inside, event, () => wanted).then(over);
    else over();
  });
  return {
    unsubscribe: () => {
      wanted = false;
      if (!open) return;
      close(Math.max(timeline.now, Date.now()));
      over();
    },
  };
}

/** The span of a piece, which is to be ended when the piece was. */
export function startPiece(tracer: Tracer, piece: Piece, parent: Context, links: Link[] = []): Span {
  const startTime = new Date(piece.from);
  if (piece.is === 'wait') {
    return tracer.startSpan(spanNames.wait, {startTime, attributes: {[attributeNames.cause]: piece.because}}, parent);
  }
  const {attempt, location, httpStatus, error} = piece;
  const attributes = {
    [attributeNames.method]: 'GET',
    [attributeNames.attempt]: attempt,
    ...urlAttributes(location),
    ...answered(httpStatus, error),
  };
  const span = tracer.startSpan(spanNames.poll, {kind: SpanKind.CLIENT, startTime, attributes, links}, parent);
  if (error !== undefined && !piece.cutOff) span.setStatus({code: SpanStatusCode.ERROR});
  return span;
}

/** Says on a watch's span how it ended. */
export function setEnding(span: Span, {outcome, error}: Ending, {attempt}: OperationEvent): void {
  span.setAttributes({[attributeNames.outcome]: outcome, [attributeNames.attempt]: attempt});
  if (error === undefined) return;
  span.setAttribute(attributeNames.error, error);
  span.setStatus({code: SpanStatusCode.ERROR});
}
