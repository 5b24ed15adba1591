// The subpath `operation-poller/opentelemetry`. Nothing inside imports this file.
export {type InstrumentOptions, type InstrumentTarget, instrument, type QueueEvents} from './instrument.ts';
