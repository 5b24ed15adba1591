import {type Link, type Span, SpanKind, SpanStatusCode} from '@opentelemetry/api';
import {partsOf} from '../client/client-parts.ts';
import type {OperationClient} from '../client/operation-client.ts';
import type {StartedOperation} from '../client/start.ts';
import type {GraphClient} from '../graph/graph-client.ts';
import {isPollError} from '../operation/poll-error.ts';
import {failureKind} from '../operation/reducer.ts';
import type {OperationPoller} from '../poller.ts';
import type {Subscription} from '../shared/listeners.ts';
import {responseAttributes, urlAttributes} from './attributes.ts';
import {instrumentPoller, type Telemetry} from './instrument-poller.ts';
import {attributeNames, spanNames} from './names.ts';

/** The path contains the user's name, which is personal. */
const resetPath = 'users/REDACTED/authentication/methods/REDACTED/resetPassword';

/** The methods that make pollers; only a Graph client has those of its users' operations. */
type Methods = Pick<OperationClient, 'watch' | 'resume' | 'start'> &
  Partial<Pick<GraphClient, 'watchOperation' | 'resetPassword'>>;

/**
 * Replaces the methods of a client that create pollers, on the client itself: other parts of the library recognize the client
 * by its identity, so a wrapper would not do.
 *
 * @throws TypeError when the client is frozen
 */
export function instrumentClient(client: OperationClient, telemetry: Telemetry): Subscription {
  if (Object.isFrozen(client)) throw new TypeError('target: expected a client that can be changed, got a frozen one');
  const methods: Methods = client;
  const {watch, watchOperation, resume, start, resetPassword} = methods;
  const base = partsOf(client)?.base ?? client.root;
  const subscriptions = new Set<Subscription>();
  let isSubscribed = true;

  const instrumented = <Result>(poller: OperationPoller<Result>, links: Link[]): OperationPoller<Result> => {
    if (!isSubscribed) return poller;
    const subscription = instrumentPoller(poller, telemetry, links, () => subscriptions.delete(subscription));
    subscriptions.add(subscription);
    return poller;
  };
  // Returns the very promise of the start rather than one chained to it: watching begins when it settles, and a caller that
  // resumes a turn later would miss the first events.
  const traceStart = <Started extends StartedOperation>(
    method: string,
    url: string,
    begin: () => Promise<Started>,
  ): Promise<Started> => {
    if (!isSubscribed) return begin();
    const attributes = {[attributeNames.method]: method, ...urlAttributes(url)};
    const started = begin();
    const span = telemetry.tracer.startSpan(spanNames.start, {kind: SpanKind.CLIENT, attributes});
    started.then(
      ({poller, answer}) => {
        span.setAttributes(responseAttributes(answer.httpStatus, undefined));
        span.end();
        if (poller !== undefined) instrumented(poller, [{context: span.spanContext()}]);
      },
      (error: unknown) => endWithError(span, error),
    );
    return started;
  };
  const replacements: Methods = {
    watch: (...given) => instrumented(watch(...given), []),
    resume: (...given) => instrumented(resume(...given), []),
    start: (protocol, request, ...given) =>
      traceStart(request?.method ?? 'POST', startUrl(request?.path, base), () => start(protocol, request, ...given)),
    ...(watchOperation && {watchOperation: (...given) => instrumented(watchOperation(...given), [])}),
    ...(resetPassword && {
      resetPassword: (user, ...given) =>
        traceStart('POST', `${base}/${resetPath}`, () => resetPassword(user, ...given)),
    }),
  };
  Object.assign(methods, replacements);
  return {
    unsubscribe: () => {
      isSubscribed = false;
      // A method that was wrapped again stays; ours inside it then only delegates.
      const originals = {watch, watchOperation, resume, start, resetPassword};
      for (const [name, replacement] of Object.entries(replacements)) {
        if (Reflect.get(methods, name) === replacement) Reflect.set(methods, name, Reflect.get(originals, name));
      }
      for (const subscription of [...subscriptions]) subscription.unsubscribe();
    },
  };
}

function startUrl(path: string, base: string): string {
  return URL.canParse(path) ? path : base + path;
}

function endWithError(span: Span, error: unknown): void {
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  const name = error instanceof Error ? error.name : 'Error';
  const [httpStatus, type] = isPollError(cause) ? [cause.httpStatus, failureKind(cause)] : [undefined, name];
  span.setAttributes(responseAttributes(httpStatus, type));
  span.setStatus({code: SpanStatusCode.ERROR});
  span.end();
}
