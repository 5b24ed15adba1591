/// <reference lib="esnext.disposable" preserve="true" />
import type {EmulatedOperation} from './emulated-operation.ts';
import type {GraphEmulatorOptions} from './emulator-options.ts';
import {readEmulatorOptions} from './emulator-options.ts';
import {startLoopbackServer} from './loopback-server.ts';
import type {AddOperationOptions} from './operation-store.ts';
import {OperationStore} from './operation-store.ts';
import {announcesBody, readBody} from './receive-request.ts';
import type {RecordedRequest} from './request-recorder.ts';
import {RequestRecorder} from './request-recorder.ts';
import type {Arrival} from './serve-request.ts';
import {refuseRequest, serveRequest} from './serve-request.ts';

/** A running emulator of Microsoft Graph. Stop it when the test is over. */
export interface GraphEmulator {
  /** Where it listens: `http://127.0.0.1:PORT`, without a version. */
  readonly root: string;
  /** All operations, in the order in which they were added or started. */
  readonly operations: readonly EmulatedOperation[];
  /** Every recorded request, in the order of arrival. Empty with `record: false`. */
  readonly requests: readonly RecordedRequest[];
  /** How many sockets are open now. */
  readonly connections: number;
  /**
   * Adds an operation, as if somebody had started it just now.
   *
   * @throws {TypeError | RangeError} if an option or a step of the script is not right; the message names it
   *
   * @example
   * const {location} = emulator.addOperation({script: ['running', {http: 503, retryAfter: 1}, 'succeeded']});
   */
  addOperation(options?: AddOperationOptions): EmulatedOperation;
  /**
   * The next request to arrive, with its body, before it is answered. Works with `record: false` too.
   * Rejects if the emulator is stopped first.
   *
   * @example
   * const arriving = emulator.nextRequest();
   * const result = resetPassword(emulator.root);
   * expect((await arriving).method).toBe('POST');
   */
  nextRequest(): Promise<RecordedRequest>;
  /**
   * Resolves when no request is being answered: each answer is complete or its client has left. A request that hangs
   * keeps it waiting until the client aborts, which makes it the way to see that an abort has arrived.
   *
   * @example
   * controller.abort();
   * await emulator.idle();
   * expect(emulator.requests[0]?.aborted).toBe(true);
   */
  idle(): Promise<void>;
  /** Closes everything at once, hung answers included. Nothing is left behind. May be called again. */
  stop(): Promise<void>;
  /** The same as `stop()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts a real HTTP server on 127.0.0.1 that behaves like Microsoft Graph where passwords are reset and the operation
 * is read. It knows nothing of this library: any HTTP client can use it.
 *
 * @param options its behaviour; see each field for its meaning and default
 * @returns the running emulator, once it listens
 * @throws {TypeError | RangeError} (by rejecting) if an option is not right; the message names it
 * @throws {Error} (by rejecting) with the code `EADDRINUSE` if the port is taken
 *
 * @example
 * const emulator = await startGraphEmulator({token: 'test-token'});
 * const operation = emulator.addOperation({script: ['running', 'succeeded']});
 * const response = await fetch(operation.location, {headers: {authorization: 'Bearer test-token'}});
 * console.log(await response.json()); // {…, status: 'running', …}
 * await emulator.stop();
 */
export async function startGraphEmulator(options: GraphEmulatorOptions = {}): Promise<GraphEmulator> {
  const settings = readEmulatorOptions(options);
  const recorder = new RequestRecorder(settings.record);
  let left = settings.maximumRequests;

  const server = await startLoopbackServer(settings.port, (request, response) => {
    const now = Date.now();
    // Nearly every request is a poll without a body: it is answered in the turn in which it arrives.
    if (!announcesBody(request)) serve({request, response, body: undefined, now});
    else void readBody(request).then((body) => serve({request, response, body, now}));
  });
  const operations = new OperationStore(server.root, settings.script);
  const context = {service: {...settings, operations, root: server.root}, recorder, server};

  function serve(arrival: Arrival): void {
    left -= 1;
    if (left < 0) refuseRequest(arrival, settings.maximumRequests);
    else serveRequest(arrival, context);
  }

  const stop = async () => {
    const stopped = server.stop();
    recorder.stop();
    await stopped;
  };

  return {
    root: server.root,
    operations: operations.list,
    requests: recorder.requests,
    get connections() {
      return server.connections;
    },
    addOperation: (added) => operations.add(added),
    nextRequest: () => recorder.next(),
    idle: () => server.idle(),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
