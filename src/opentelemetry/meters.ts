import type {Attributes, MeterProvider} from '@opentelemetry/api';
import {responseAttributes} from './attributes.ts';
import {attributeNames, metricNames} from './names.ts';
import type {WatchOutcome} from './outcome.ts';
import type {Segment} from './timeline.ts';

export type Meters = ReturnType<typeof createMeters>;

// Operations take from an instant to days; the SDK's default boundaries end at under three hours.
const boundaries = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 21_600, 86_400];

export function createMeters(provider: MeterProvider) {
  const meter = provider.getMeter('operation-poller');
  const counter = (name: string, unit: string, description: string) => meter.createCounter(name, {unit, description});
  const histogram = (name: string, description: string) =>
    meter.createHistogram(name, {unit: 's', description, advice: {explicitBucketBoundaries: boundaries}});
  const watched = {unit: '{operation}', description: 'Operations being watched'};
  const inProgress = meter.createUpDownCounter(metricNames.inProgress, watched);
  const outcomes = counter(metricNames.outcomes, '{operation}', 'Watches that ended');
  const duration = histogram(metricNames.duration, 'How long operations were watched');
  const polls = counter(metricNames.polls, '{request}', 'Requests made');
  const retries = counter(metricNames.retries, '{request}', 'Requests that failed and were retried');
  const wait = histogram(metricNames.wait, 'Duration of the waits between requests');
  const throttled = counter(metricNames.throttled, 's', 'Time waited after the service throttled a request');
  const detectionTime = 'Time from the end of an operation, as the service dates it, to its detection';
  const detection = histogram(metricNames.detection, detectionTime);
  return {
    addInProgress: (change: 1 | -1, protocol: string): void =>
      inProgress.add(change, {[attributeNames.protocol]: protocol}),
    countRetry: (error: string, protocol: string): void =>
      retries.add(1, {[attributeNames.protocol]: protocol, [attributeNames.error]: error}),
    recordSegment: (segment: Segment, protocol: string): void => {
      const attributes: Attributes = {[attributeNames.protocol]: protocol};
      if (segment.is === 'wait') {
        const lasted = (segment.to - segment.from) / 1000;
        wait.record(lasted, {...attributes, [attributeNames.cause]: segment.cause});
        if (segment.throttled) throttled.add(lasted, attributes);
      } else if (!segment.aborted) {
        polls.add(1, {...attributes, ...responseAttributes(segment.httpStatus, segment.error)});
      }
    },
    /** @param watch its duration in seconds and its protocol; absent where they are unknown */
    recordOutcome: (
      {attributes, detectionDelay}: WatchOutcome,
      watch?: {readonly duration: number; readonly protocol: string},
    ): void => {
      const all = watch === undefined ? attributes : {[attributeNames.protocol]: watch.protocol, ...attributes};
      outcomes.add(1, all);
      if (watch !== undefined) duration.record(watch.duration, all);
      if (detectionDelay !== undefined) detection.record(detectionDelay, all);
    },
  };
}
