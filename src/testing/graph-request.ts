import {randomUUID} from 'node:crypto';
import type {RecordedRequest} from './request-recorder.ts';

/** What the emulated service reads of a request, whether it came over HTTP or in a batch. */
export interface GraphRequest {
  readonly method: string;
  /** Path and query exactly as sent. */
  readonly target: string;
  readonly authorization: string | undefined;
  readonly body: string | undefined;
  /** When it arrived, in milliseconds since 1970. */
  readonly now: number;
  /** The id that the service assigns to this request. */
  readonly requestId: string;
  /** The id that the client sent, or else the service's own. */
  readonly clientRequestId: string;
  /** The recorded request, if requests are recorded. */
  readonly recorded: RecordedRequest | undefined;
}

/** A request, with the id that the service assigns to it. @param sentId the id that the client sent, if it sent one */
export function createRequest(
  facts: Omit<GraphRequest, 'requestId' | 'clientRequestId'>,
  sentId: string | readonly string[] | undefined,
): GraphRequest {
  const requestId = randomUUID();
  const clientRequestId = typeof sentId === 'string' && sentId !== '' ? sentId : requestId;
  return {...facts, requestId, clientRequestId};
}
