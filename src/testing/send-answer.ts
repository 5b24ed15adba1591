import type {ServerResponse} from 'node:http';
import type {Answer} from './answer.ts';
import {sendFault} from './send-fault.ts';

/** Sends an answer over HTTP, after its delay and with its fault. A client that leaves in the meantime gets nothing. */
export function sendAnswer(response: ServerResponse, answer: Answer): void {
  if (!answer.delay) {
    sendNow(response, answer);
    return;
  }
  // The global timer is looked up now: under a test's fake timers the delay passes in virtual time.
  const timer = setTimeout(() => sendNow(response, answer), answer.delay);
  response.once('close', () => clearTimeout(timer));
}

function sendNow(response: ServerResponse, answer: Answer): void {
  // The service writes its own Date, from the same clock as its other times.
  response.sendDate = false;
  if (answer.fault !== undefined) {
    sendFault(response, answer, answer.fault);
    return;
  }
  response.writeHead(answer.http, {'content-length': Buffer.byteLength(answer.text), ...answer.headers});
  response.end(answer.text);
}
