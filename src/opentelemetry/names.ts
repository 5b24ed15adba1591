export const spanNames = {
  watch: 'operation.watch',
  poll: 'operation.poll',
  wait: 'operation.wait',
  start: 'operation.start',
  result: 'operation.result',
} as const;

/** Attribute names: those of OpenTelemetry's semantic conventions where they have one. */
export const attributeNames = {
  method: 'http.request.method',
  httpStatus: 'http.response.status_code',
  url: 'url.full',
  host: 'server.address',
  port: 'server.port',
  error: 'error.type',
  protocol: 'operation.protocol',
  id: 'operation.id',
  outcome: 'operation.outcome',
  attempt: 'operation.attempt',
  cause: 'operation.wait.cause',
} as const;

export const metricNames = {
  inProgress: 'operation.in_progress',
  outcomes: 'operation.outcomes',
  duration: 'operation.duration',
  polls: 'operation.polls',
  retries: 'operation.retries',
  wait: 'operation.wait.duration',
  throttled: 'operation.throttled.time',
  detection: 'operation.detection.delay',
} as const;
