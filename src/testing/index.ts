// The Graph emulator: a real HTTP server for tests. It imports nothing of the library, so that the two cannot share a mistake.
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
export type {EmulatedResource} from './scripted-endpoint.ts';
export type {RetryAfterForm, ThrottleOptions} from './throttle.ts';
