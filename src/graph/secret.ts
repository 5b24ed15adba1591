import {parseBody, type TransportResponse} from '../http/transport.ts';
import {parseErrorObject} from '../protocol/parse-operation.ts';
import {ownProperty} from '../protocol/pointer.ts';

const plainCode = /^[\w.-]+$/;

/**
 * The body of an answer to a request that held a secret. Of an error only its code is kept: a service that complains likes to
 * send the request back, in its message or anywhere else, and encoded in who knows what way.
 */
export function withoutQuotes(secret: string, {status, body}: TransportResponse): TransportResponse['body'] {
  if (status < 300) return body;
  const code = parseErrorObject(ownProperty(parseBody(body), 'error'))?.code;
  const keeps = code !== undefined && plainCode.test(code) && (secret === '' || !code.includes(secret));
  return keeps ? {json: {error: {code}}} : {text: ''};
}
