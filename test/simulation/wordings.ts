/** What the model of the service knows of an operation's status. It shares nothing with the library, mistakes least of all. */
export type Status = 'notStarted' | 'running' | 'succeeded' | 'failed' | 'canceled';
export type End = 'succeeded' | 'failed' | 'canceled';

/** The protocols that the model speaks, by the names that the library gives them. */
export type Wording =
  | 'longRunning'
  | 'google.longrunning'
  | 'azure.statusMonitor'
  | 'azure.location'
  | 'graph.driveCopy';

/** What an honest answer is made of. */
export interface OperationFacts {
  readonly id: string;
  readonly status: Status;
  readonly percent: number | undefined;
  /** Services have more than one way of saying the same; even or odd. */
  readonly variant: number;
  readonly resourceLocation: string | undefined;
}

/** An answer's status, headers and body; its meaning where the service cannot say what the model knows. */
export interface WordedAnswer {
  readonly http: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly means?: Status;
}

const reason = {code: 'quotaExceeded', message: 'Too many of them'};

/** How each protocol words an operation. */
export const wordings: Readonly<Record<Wording, (facts: OperationFacts) => WordedAnswer>> = {
  longRunning: ({id, status, variant, resourceLocation}) => ({
    http: 200,
    body: {
      id,
      status: status === 'canceled' ? 'skipped' : variant % 2 === 1 ? status.toUpperCase() : status,
      createdDateTime: '2030-01-01T00:00:00Z',
      statusDetail: status === 'failed' ? 'it did not work' : null,
      resourceLocation: resourceLocation ?? null,
    },
  }),
  'google.longrunning': ({id, status, percent}) => {
    const name = `operations/${id}`;
    if (status === 'notStarted' || status === 'running') {
      return {
        http: 200,
        means: 'running',
        body: {name, ...(percent === undefined ? {} : {metadata: {progressPercent: percent}})},
      };
    }
    if (status === 'succeeded') return {http: 200, body: {name, done: true, response: {of: id}}};
    // AIP-151: a canceled operation ends with the code 1.
    return {http: 200, body: {name, done: true, error: {code: status === 'canceled' ? 1 : 13, message: 'no'}}};
  },
  'azure.statusMonitor': ({id, status, percent, variant}) => {
    const words = {
      notStarted: 'Accepted',
      running: variant % 2 === 1 ? 'InProgress' : 'Running',
      succeeded: variant % 2 === 1 ? 'Completed' : 'Succeeded',
      failed: 'Failed',
      canceled: variant % 2 === 1 ? 'Cancelled' : 'Canceled',
    };
    const error = status === 'failed' ? {error: reason} : {};
    return {http: 200, body: {id, status: words[status], percentComplete: percent ?? 0, ...error}};
  },
  'azure.location': ({id, status, variant}) => {
    if (status === 'notStarted' || status === 'running') {
      return variant % 2 === 1
        ? {http: 200, means: 'running', body: {status: 'InProgress'}}
        : {http: 202, means: 'running', body: null};
    }
    if (status === 'succeeded') return {http: 200, body: {id, status: 'Online', size: 1}};
    return {http: 200, body: {status: status === 'failed' ? 'Failed' : 'Canceled', error: reason}};
  },
  'graph.driveCopy': ({id, status, percent, variant}) => {
    if (status === 'succeeded' && variant % 2 === 1) {
      return {http: 303, body: null, headers: {location: `https://files.example/items/${id}`}};
    }
    const words = {
      notStarted: 'waiting',
      running: 'inProgress',
      succeeded: 'completed',
      failed: 'failed',
      canceled: 'failed',
    };
    const isFailed = status === 'failed' || status === 'canceled';
    return {
      http: 202,
      ...(isFailed ? {means: 'failed'} : {}),
      body: {
        status: words[status],
        percentageComplete: percent ?? 0,
        ...(status === 'succeeded' ? {resourceId: id} : {}),
        ...(isFailed ? {errorCode: 'nameAlreadyExists'} : {}),
      },
    };
  },
};
