/// <reference lib="esnext.disposable" preserve="true" />
import type {EmulatedOperation} from './emulated-operation.ts';
import {type AddResourceOptions, addResource} from './emulated-resource.ts';
import {type AddStartOptions, addStart, type EmulatedStart} from './emulated-start.ts';
import {
  type BatchAnswers,
  type EmulatedService,
  type GraphEmulatorOptions,
  readBatchAnswers,
  readEmulatorOptions,
} from './emulator-options.ts';
import {startLoopbackServer} from './loopback-server.ts';
import type {AddOperationOptions} from './operation-options.ts';
import {OperationRegistry} from './operation-registry.ts';
import {type RecordedRequest, RequestRecorder} from './request-recorder.ts';
import {type EmulatedResource, EndpointRegistry} from './scripted-endpoint.ts';
import {serveRequests} from './serve-request.ts';

/** A running emulator of Microsoft Graph. Stop it at the end of the test. */
export interface GraphEmulator {
  /** Where it listens: `http://127.0.0.1:PORT`, or `https:` with `tls`, without a version. */
  readonly root: string;
  /** With `tls`, its certificate in PEM, for the clients that are to trust it. */
  readonly certificate: string | undefined;
  /** The URL of its console, with `console: true`. Requests to the console are neither recorded nor counted, and `idle()` does not wait for them. */
  readonly console: string | undefined;
  /** All operations, in the order in which they were added or started. */
  readonly operations: readonly EmulatedOperation[];
  /**
   * Every recorded HTTP request, in the order of arrival. The envelope of a `$batch` is one of them; its parts are only in the `requests`
   * of the operations and resources they were sent to. Empty with `record: false`.
   */
  readonly requests: readonly RecordedRequest[];
  /** How many HTTP requests have arrived, even with `record: false`. */
  readonly received: number;
  /** How many requests the service has answered without throttling them, whatever the answer. Each part of a `$batch` counts as one, its envelope as none. */
  readonly served: number;
  /** How many requests the service has refused with 429 because of the option `throttle`; parts of a `$batch` count as in `served`. */
  readonly throttled: number;
  /** How many sockets are open. */
  readonly connections: number;
  /**
   * Adds an operation, as if it had just been started.
   *
   * @throws {TypeError | RangeError} if an option or a step of the script is invalid; the message names it
   *
   * @example
   * const {location} = emulator.addOperation({script: ['running', {http: 503, retryAfter: 1}, 'succeeded']});
   */
  addOperation(options?: AddOperationOptions): EmulatedOperation;
  /**
   * Adds a request that starts operations: each family of operations has its own.
   *
   * @throws {TypeError | RangeError} if an option or a step is invalid; the message names it
   *
   * @example
   * const clone = emulator.addStart({
   *   path: "/teams('a')/clone",
   *   starts: {path: "/teams('a')/operations('{id}')", script: [{fields: {status: 'inProgress'}}, 'succeeded']},
   *   location: 'relative',
   * });
   */
  addStart(options: AddStartOptions): EmulatedStart;
  /**
   * Adds a resource that clients can read, such as the result of an operation.
   *
   * @throws {TypeError | RangeError} if an option or a step of the script is invalid; the message names it
   *
   * @example
   * const item = emulator.addResource({path: '/drives/d/items/i', script: [{http: 404, times: 2}, {fields: {name: 'copy.txt'}}]});
   */
  addResource(options: AddResourceOptions): EmulatedResource;
  /**
   * Replaces the option `batch` from the next envelope on.
   *
   * @throws {TypeError | RangeError} if a step is invalid; the current steps are then kept
   *
   * @example
   * emulator.rescriptBatch([{http: 503}]);
   */
  rescriptBatch(answers: BatchAnswers): void;
  /**
   * The next request to arrive, with its body, before it is answered. Works even with `record: false`.
   * Rejects if the emulator is stopped first.
   *
   * @example
   * const arriving = emulator.nextRequest();
   * const result = resetPassword(emulator.root);
   * expect((await arriving).method).toBe('POST');
   */
  nextRequest(): Promise<RecordedRequest>;
  /**
   * Resolves when no request is being answered: each answer is complete, or its client has disconnected. It waits for a hanging
   * request until the client aborts, so that a test can check that an abort has arrived.
   *
   * @example
   * controller.abort();
   * await emulator.idle();
   * expect(emulator.requests[0]?.aborted).toBe(true);
   */
  idle(): Promise<void>;
  /** Closes everything at once, hung answers included, and leaves no socket or timer behind. Further calls have no effect. */
  stop(): Promise<void>;
  /** The same as `stop()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts a real HTTP server on 127.0.0.1 that behaves like Microsoft Graph where operations are
 * started, read and batched. It knows nothing of this library: any HTTP client can use it.
 *
 * @param options its behaviour; see each field for its meaning and default
 * @returns the emulator, once it is listening
 * @throws {TypeError | RangeError} (by rejecting) if an option is invalid; the message names it
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
  // Only where it is wanted: what compiles ES modules to CommonJS for tests cannot compile its `import.meta`.
  const consoleModule = settings.console ? await import('./console/console.ts') : undefined;
  const server = await startLoopbackServer(settings.port, settings.tls);
  const {root} = server;
  const recorder = new RequestRecorder(settings.record);
  const endpoints = new EndpointRegistry();
  const operations = new OperationRegistry(root, settings.script, endpoints);
  const webConsole = consoleModule && new consoleModule.Console(root, operations);
  if (webConsole !== undefined) operations.listen(webConsole.listener);
  const checkBearer = webConsole?.acceptOwnToken(settings.checkBearer) ?? settings.checkBearer;
  const service: EmulatedService = {...settings, checkBearer, endpoints, operations, root};
  server.serve(
    serveRequests({service, recorder, server}),
    (request, response) => webConsole?.serve(request, response) ?? false,
  );

  const stop = async () => {
    recorder.stop();
    await server.stop();
  };

  return {
    root,
    certificate: settings.tls?.cert,
    console: webConsole?.url,
    operations: operations.list,
    requests: recorder.requests,
    get received() {
      return recorder.received;
    },
    get served() {
      return settings.throttle.served;
    },
    get throttled() {
      return settings.throttle.throttled;
    },
    get connections() {
      return server.connections;
    },
    addOperation: (operation) => operations.add(operation),
    addStart: (start) => addStart(start, service),
    addResource: (resource) => addResource(resource, root, endpoints),
    rescriptBatch: (answers) => {
      service.batch = readBatchAnswers('answers', answers);
    },
    nextRequest: () => recorder.next(),
    idle: () => server.idle(),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
