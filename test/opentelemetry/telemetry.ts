import {inspect} from 'node:util';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-base';

/** A field of the last answer: when the operation ended, so long ago that no clock that is a millisecond behind takes it for the future. */
export const endedBefore = {fields: {lastActionDateTime: '2020-03-19T12:01:03Z'}} as const;

/** A measured value with its attributes. */
export interface Measured {
  readonly by: Readonly<Record<string, unknown>>;
  /** The sum of a counter, the count of a histogram. */
  readonly value: number;
  /** The sum of a histogram. */
  readonly sum: number | undefined;
}

/** The real SDK with in-memory exporters. */
export function startTelemetry() {
  const spans = new InMemorySpanExporter();
  let open = 0;
  const counting: SpanProcessor = {
    onStart: () => {
      open += 1;
    },
    onEnd: () => {
      open -= 1;
    },
    forceFlush: async () => undefined,
    shutdown: async () => undefined,
  };
  const tracerProvider = new BasicTracerProvider({spanProcessors: [new SimpleSpanProcessor(spans), counting]});
  const metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({exporter: metrics, exportIntervalMillis: 60_000});
  const meterProvider = new MeterProvider({readers: [reader]});
  const collect = async () => {
    metrics.reset();
    await meterProvider.forceFlush();
    return metrics.getMetrics().flatMap(({scopeMetrics}) => scopeMetrics.flatMap((scope) => scope.metrics));
  };
  return {
    options: {tracerProvider, meterProvider},
    /** The spans that have ended, optionally by name. */
    spans: (name?: string): ReadableSpan[] =>
      spans.getFinishedSpans().filter((span) => name === undefined || span.name === name),
    /** The number of open spans. */
    open: () => open,
    collect,
    measured: async (name: string): Promise<Measured[]> => {
      const found = (await collect()).filter(({descriptor}) => descriptor.name === name);
      return found.flatMap(({dataPoints}) =>
        dataPoints.map(({attributes: by, value}) =>
          typeof value === 'number'
            ? {by, value, sum: undefined}
            : {by, value: 'count' in value ? value.count : 0, sum: value.sum},
        ),
      );
    },
    /** Everything that was exported, as a string. */
    exported: async (): Promise<string> =>
      [...spans.getFinishedSpans(), ...(await collect())]
        .map((each) => inspect(each, {depth: 12, showHidden: true, breakLength: Number.POSITIVE_INFINITY}))
        .join('\n'),
    stop: () => Promise.all([tracerProvider.shutdown(), meterProvider.shutdown()]),
  };
}

/** Converts an OpenTelemetry time to milliseconds. */
export function milliseconds([seconds, nanoseconds]: readonly [number, number]): number {
  return seconds * 1000 + nanoseconds / 1e6;
}
