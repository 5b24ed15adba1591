import type {Attributes, MeterProvider} from '@opentelemetry/api';
import {attributeNames, metricNames} from './names.ts';
import type {Ending} from './outcome.ts';
import type {Piece} from './timeline.ts';

/** What is measured. */
export interface Meters {
  /** One more operation is watched, or one less. */
  readonly watching: (change: 1 | -1, protocol: string) => void;
  readonly piece: (piece: Piece, protocol: string) => void;
  readonly retrying: (error: string, protocol: string) => void;
  /** @param duration how long it was watched, in seconds; absent where that is not known */
  readonly ended: (ending: Ending, known?: {readonly duration: number; readonly protocol: string}) => void;
}

// Operations take from an instant to days; the SDK's own boundaries end at what would be hours.
const boundaries = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 21_600, 86_400];

/** Makes the instruments. */
export function createMeters(provider: MeterProvider): Meters {
  const meter = provider.getMeter('operation-poller');
  const seconds = (description: string) => ({unit: 's', description, advice: {explicitBucketBoundaries: boundaries}});
  const inProgress = meter.createUpDownCounter(metricNames.inProgress, {
    unit: '{operation}',
    description: 'Operations that are being watched',
  });
  const outcomes = meter.createCounter(metricNames.outcomes, {unit: '{operation}', description: 'Watches that ended'});
  const duration = meter.createHistogram(metricNames.duration, seconds('How long operations were watched'));
  const polls = meter.createCounter(metricNames.polls, {unit: '{request}', description: 'Requests that were made'});
  const retries = meter.createCounter(metricNames.retries, {
    unit: '{request}',
    description: 'Requests that failed and were made again',
  });
  const wait = meter.createHistogram(metricNames.wait, seconds('How long the waits between requests were'));
  const throttled = meter.createCounter(metricNames.throttled, {
    unit: 's',
    description: 'Time waited after the service had refused a request for being one too many',
  });
  const detection = meter.createHistogram(
    metricNames.detection,
    seconds('From the end of an operation, as the service dates it, to its being heard of'),
  );
  return {
    watching: (change, protocol) => inProgress.add(change, {[attributeNames.protocol]: protocol}),
    retrying: (error, protocol) => retries.add(1, {[attributeNames.protocol]: protocol, [attributeNames.error]: error}),
    piece: (piece, protocol) => {
      const by: Attributes = {[attributeNames.protocol]: protocol};
      if (piece.is === 'wait') {
        const lasted = (piece.to - piece.from) / 1000;
        wait.record(lasted, {...by, [attributeNames.cause]: piece.because});
        if (piece.throttled) throttled.add(lasted, by);
      } else if (!piece.cutOff) {
        const {httpStatus, error} = piece;
        polls.add(1, {...by, ...answered(httpStatus, error)});
      }
    },
    ended: (ending, known) => {
      const by: Attributes = {
        ...(known === undefined ? {} : {[attributeNames.protocol]: known.protocol}),
        [attributeNames.outcome]: ending.outcome,
        ...(ending.error === undefined ? {} : {[attributeNames.error]: ending.error}),
      };
      outcomes.add(1, by);
      if (known !== undefined) duration.record(known.duration, by);
      if (ending.detection !== undefined) detection.record(ending.detection, by);
    },
  };
}

/** What a request's attributes say of how it went. */
export function answered(httpStatus: number | undefined, error: string | undefined): Attributes {
  return {
    ...(httpStatus === undefined ? {} : {[attributeNames.httpStatus]: httpStatus}),
    ...(error === undefined ? {} : {[attributeNames.error]: error}),
  };
}
