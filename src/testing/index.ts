// The Graph emulator: a real HTTP server for tests. It imports nothing of the library, so that the two cannot share a mistake.
export type {EmulatedOperation} from './emulated-operation.ts';
export type {GraphEmulatorOptions} from './emulator-options.ts';
export type {GraphEmulator} from './graph-emulator.ts';
export {startGraphEmulator} from './graph-emulator.ts';
export type {Fault, OperationStep, StepAnswer} from './operation-step.ts';
export type {AddOperationOptions} from './operation-store.ts';
export type {RecordedRequest} from './request-recorder.ts';
export type {LocationForm} from './service-settings.ts';
