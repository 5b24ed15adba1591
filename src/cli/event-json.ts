import type {OperationError} from '../operation/errors.ts';
import type {OperationEvent} from '../operation/events.ts';
import type {Operation} from '../operation/operation.ts';
import type {PollError} from '../operation/poll-error.ts';
import type {Fields} from '../shared/json.ts';
import {readLocation, redactLocation} from '../shared/location.ts';

/**
 * An event as `--json` prints it: its times in ISO 8601, its durations in milliseconds, its operation without the body of
 * the response, which may contain anything.
 */
export function eventJson(event: OperationEvent): Fields {
  const {type, at, operation, ...own} = event;
  return {
    type,
    at: timeText(at),
    ...own,
    ...('since' in own ? {since: timeText(own.since)} : {}),
    ...('error' in own ? {error: errorJson(own.error)} : {}),
    ...(operation === undefined ? {} : {operation: operationJson(operation, event.location)}),
  };
}

/** An operation without `raw` and `result`; its resource location is redacted as any location is. */
function operationJson(operation: Operation, location: string): Fields {
  const {raw, resourceLocation, ...facts} = operation;
  const {result, ...shown}: Fields = facts;
  if (resourceLocation === undefined) return shown;
  const url = readLocation(resourceLocation, location);
  return {
    ...shown,
    resourceLocation: url === undefined ? undefined : redactLocation(url.href, new URL(location).origin),
  };
}

function errorJson(error: PollError | OperationError): Fields {
  const {name, message, requestId, clientRequestId, date} = error;
  const facts = {name, message, requestId, clientRequestId, date};
  if (!('kind' in error)) return facts;
  const {kind, httpStatus, code, retryAfter} = error;
  return {...facts, kind, httpStatus, code, retryAfter};
}

function timeText(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
