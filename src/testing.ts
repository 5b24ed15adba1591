/**
 * For tests: an emulator of Microsoft Graph, which is a real HTTP server, and the kit that puts runners through trouble.
 *
 * @module operation-poller/testing
 */

// Neither imports anything of the library, so that they cannot share a mistake.
export {type CheckRunnerOptions, checkRunner, type RunnerCheck, type RunnerReport} from './runner-kit/check-runner.ts';
export {formatReport} from './runner-kit/format-report.ts';
export {type EndToReport, type KitTurnOptions, kitTurnOptions} from './runner-kit/kit-turn-options.ts';
export type {
  RunnerAbility,
  RunnerInstance,
  RunnerInstanceOptions,
  TestedOperationOptions,
  TestedRunner,
} from './runner-kit/tested-runner.ts';
export type {LocationForm} from './testing/answer.ts';
export type {EmulatedOperation} from './testing/emulated-operation.ts';
export type {AddResourceOptions} from './testing/emulated-resource.ts';
export type {AddStartOptions, EmulatedStart, StartHeader, StartMethod} from './testing/emulated-start.ts';
export type {BatchAnswers, GraphEmulatorOptions} from './testing/emulator-options.ts';
export type {GraphEmulator} from './testing/graph-emulator.ts';
export {startGraphEmulator} from './testing/graph-emulator.ts';
export type {AddOperationOptions} from './testing/operation-options.ts';
export type {Fault, OperationStep, StepAnswer} from './testing/operation-step.ts';
export type {Version} from './testing/path.ts';
export type {RecordedRequest} from './testing/request-recorder.ts';
export type {EmulatedResource} from './testing/scripted-endpoint.ts';
export type {KeyPair} from './testing/self-signed.ts';
export {type FakeTimers, skipWaits, type WaitingPoller} from './testing/skip-waits.ts';
export type {RetryAfterForm, ThrottleOptions} from './testing/throttle.ts';
