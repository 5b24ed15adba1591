/**
 * For tests: an emulator of Microsoft Graph, which is a real HTTP server, and the kit that puts runners through trouble.
 *
 * @module operation-poller/testing
 */

export type {LocationForm} from './answer.ts';
export type {EmulatedOperation} from './emulated-operation.ts';
export type {AddResourceOptions} from './emulated-resource.ts';
export type {AddStartOptions, EmulatedStart, StartHeader, StartMethod} from './emulated-start.ts';
export type {BatchAnswers, GraphEmulatorOptions} from './emulator-options.ts';
export type {GraphEmulator} from './graph-emulator.ts';
export {startGraphEmulator} from './graph-emulator.ts';
export type {AddOperationOptions} from './operation-options.ts';
export type {Fault, OperationStep, StepAnswer} from './operation-step.ts';
export type {Version} from './path.ts';
export type {RecordedRequest} from './request-recorder.ts';
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
export type {EmulatedResource} from './scripted-endpoint.ts';
export type {KeyPair} from './self-signed.ts';
export {type FakeTimers, skipWaits, type WaitingPoller} from './skip-waits.ts';
export type {RetryAfterForm, ThrottleOptions} from './throttle.ts';
