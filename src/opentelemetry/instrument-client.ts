import {type Link, type Span, SpanKind, SpanStatusCode} from '@opentelemetry/api';
import type {GraphClient} from '../graph/graph-client.ts';
import type {StartedOperation} from '../graph/start.ts';
import {PollError} from '../operation/errors.ts';
import type {OperationPoller, Subscription} from '../poller.ts';
import {urlAttributes} from './attributes.ts';
import {type Telemetry, watchSpan} from './instrument-poller.ts';
import {answered} from './meters.ts';
import {attributeNames, spanNames} from './names.ts';
import {errorType} from './timeline.ts';

/** Users are told by their names, which are personal. */
const resetPath = 'users/REDACTED/authentication/methods/REDACTED/resetPassword';

type Making = Pick<GraphClient, 'watch' | 'watchOperation' | 'resume' | 'start' | 'resetPassword'>;
type Methods = {-readonly [Name in keyof Making]: Making[Name]};

/**
 * Replaces the methods of a client that make pollers, on the client itself: what else belongs to the client is tied to the
 * object, so that another one around it would not be the same client.
 *
 * @throws TypeError when the client is frozen
 */
export function instrumentClient(client: GraphClient, telemetry: Telemetry): Subscription {
  if (Object.isFrozen(client)) throw new TypeError('target: expected a client that can be changed, got a frozen one');
  const methods: Methods = client;
  const {watch, watchOperation, resume, start, resetPassword} = client;
  const base = `${client.root}/${client.version}`;
  const watched = new Set<Subscription>();
  let open = true;

  const observe = (poller: OperationPoller, links: Link[]): OperationPoller => {
    if (!open) return poller;
    const subscription = watchSpan(poller, telemetry, links, () => watched.delete(subscription));
    watched.add(subscription);
    return poller;
  };
  // What was promised is given back as it is, and not a promise that follows it: watching begins when it is kept, and who
  // listens a turn later has missed something.
  const begin = <Started extends StartedOperation>(
    method: string,
    url: string,
    promise: () => Promise<Started>,
  ): Promise<Started> => {
    if (!open) return promise();
    const attributes = {[attributeNames.method]: method, ...urlAttributes(url)};
    const started = promise();
    const span = telemetry.tracer.startSpan(spanNames.start, {kind: SpanKind.CLIENT, attributes});
    started.then(
      ({poller, answer}) => {
        span.setAttributes(answered(answer.httpStatus, undefined));
        span.end();
        if (poller !== undefined) observe(poller, [{context: span.spanContext()}]);
      },
      (error: unknown) => fail(span, error),
    );
    return started;
  };
  const made: Methods = {
    watch: (...given) => observe(watch(...given), []),
    watchOperation: (...given) => observe(watchOperation(...given), []),
    resume: (...given) => observe(resume(...given), []),
    start: (protocol, request, ...given) =>
      begin(request?.method ?? 'POST', startUrl(request?.path, base), () => start(protocol, request, ...given)),
    resetPassword: (user, ...given) => begin('POST', `${base}/${resetPath}`, () => resetPassword(user, ...given)),
  };
  Object.assign(methods, made);
  return {
    unsubscribe: () => {
      open = false;
      // What others have put around ours stays, and ours then only passes on.
      for (const [name, own] of Object.entries({watch, watchOperation, resume, start, resetPassword})) {
        if (Reflect.get(methods, name) === Reflect.get(made, name)) Reflect.set(methods, name, own);
      }
      for (const subscription of [...watched]) subscription.unsubscribe();
    },
  };
}

function startUrl(path: string, base: string): string {
  return URL.canParse(path) ? path : base + path;
}

function fail(span: Span, error: unknown): void {
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  const failed = cause instanceof PollError ? cause : undefined;
  const name = error instanceof Error ? error.name : 'Error';
  span.setAttributes(answered(failed?.httpStatus, failed === undefined ? name : errorType(failed)));
  span.setStatus({code: SpanStatusCode.ERROR});
  span.end();
}
