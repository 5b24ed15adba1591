import {describe, expect, test} from '@jest/globals';
import fc from 'fast-check';
import type {Operation, OperationStatus} from '../../src/operation/operation.ts';
import {checkProtocol} from '../../src/protocol/check.ts';
import {compileFields} from '../../src/protocol/compile-fields.ts';
import {jobs} from '../../src/protocol/microsoft-graph/jobs.ts';
import {parseOperation} from '../../src/protocol/parse-operation.ts';
import {protocolNamed} from '../../src/protocol/presets.ts';
import type {Protocol} from '../../src/protocol/protocol.ts';
import {protocolReader} from '../../src/protocol/protocol-reader.ts';
import * as protocols from '../../src/protocol/protocols.ts';
import {operationOf, parse, statusOf} from './parsing.ts';

const {graph, azure, google} = protocols;

const presets: readonly (readonly [path: string, protocol: Protocol])[] = [
  ['longRunning', protocols.longRunning],
  ...Object.entries(graph).map(([name, protocol]) => [`graph.${name}`, protocol] as const),
  ...Object.entries(azure).map(([name, protocol]) => [`azure.${name}`, protocol] as const),
  ...Object.entries(google).map(([name, protocol]) => [`google.${name}`, protocol] as const),
];

const longRunningWords =
  'notStarted: notStarted, running: running, succeeded: succeeded, failed: failed, skipped: canceled';

/** The documented facts about each kind of Graph's; `atLeast` and `atMost` are the seconds between two polls. */
const kinds: Readonly<
  Record<
    Exclude<keyof typeof graph, keyof typeof jobs>,
    {words: string; atLeast?: number; atMost?: number; headers?: string}
  >
> = {
  authentication: {words: longRunningWords},
  richLongRunning: {words: longRunningWords},
  engagement: {words: longRunningWords, atLeast: 30, headers: 'operation-location location'},
  attackSimulation: {words: longRunningWords},
  teams: {
    words: 'notStarted: notStarted, inProgress: running, succeeded: succeeded, failed: failed, invalid: failed',
    atLeast: 30,
  },
  driveCopy: {
    words:
      'notStarted: notStarted, waiting: notStarted, inProgress: running, updating: running, deletePending: running, ' +
      'completed: succeeded, failed: failed, deleteFailed: failed',
    headers: 'location',
  },
  workbook: {words: `${longRunningWords}, completed: succeeded`, atLeast: 30, atMost: 240},
  connector: {words: 'unspecified: notStarted, inprogress: running, completed: succeeded, failed: failed', atLeast: 60},
  onenote: {
    words: 'notStarted: notStarted, running: running, completed: succeeded, failed: failed',
    atLeast: 10,
    headers: 'operation-location location',
  },
  print: {
    words: 'notStarted: notStarted, running: running, succeeded: succeeded, failed: failed',
    headers: 'operation-location location',
  },
  ediscovery: {
    words:
      'notStarted: notStarted, running: running, succeeded: succeeded, partiallySucceeded: succeeded, failed: failed, ' +
      'submissionFailed: failed',
  },
  dataPolicy: {words: 'notStarted: notStarted, running: running, complete: succeeded, failed: failed'},
  intuneExport: {
    words: 'notStarted: notStarted, inProgress: running, unknown: running, completed: succeeded, failed: failed',
    headers: 'operation-location location',
  },
  cloudPcExport: {
    words: 'notStarted: notStarted, inProgress: running, completed: succeeded, failed: failed',
    headers: 'operation-location location',
  },
  auditQuery: {
    words: 'notStarted: notStarted, running: running, succeeded: succeeded, failed: failed, cancelled: canceled',
    headers: 'operation-location location',
  },
  partnerBilling: {
    words: 'notStarted: notStarted, running: running, succeeded: succeeded, completed: succeeded, failed: failed',
  },
};

describe('the presets', () => {
  test.each(presets)('%s is found by its name and frozen', (path, protocol) => {
    expect(protocol.name).toBe(path);
    expect(protocolNamed(path)).toBe(protocol);
    expect([protocol, protocol.words, protocol.status, protocol.error, protocol.cancel].every(Object.isFrozen)).toBe(
      true,
    );
  });

  test.each(presets)('%s is a valid protocol', (_, protocol) => {
    expect(() => checkProtocol(protocol)).not.toThrow();
  });

  test.each([['graph'], ['teams'], ['graph.'], ['graph.toString'], ['graph.__proto__'], ['statusOnResource']])(
    'none is named %s',
    (name) => {
      expect(protocolNamed(name)).toBeUndefined();
    },
  );

  test.each(Object.entries(kinds))('graph.%s', (name, {words, atLeast = 0, atMost = Infinity, headers}) => {
    const protocol = graph[name as keyof typeof graph];
    const reader = protocolReader(protocol);
    expect(
      Object.entries(protocol.words)
        .map((pair) => pair.join(': '))
        .join(', '),
    ).toBe(words);
    expect([reader.minimumInterval, reader.maximumInterval]).toEqual([atLeast * 1000, atMost * 1000]);
    expect(reader.locationHeaders.join(' ')).toBe(headers ?? 'location operation-location');
  });

  test.each(presets)('%s matches no word that only resembles its own', (_, protocol) => {
    const words = ['NotSucceeded', 'FailoverInProgress', 'running ', 'unknownFutureValue', 'constructor', '__proto__'];
    const expected = protocol.otherWords ?? 'unknownStatus';
    expect(words.map((word) => statusOf(protocol, bodyWith(protocol, word)))).toEqual(words.map(() => expected));
  });

  test.each(presets)('%s has no field that only define brings the code for', (_, protocol) => {
    const reader = protocolReader(protocol);
    const {urlAt: _urlAt, ...compiled} = compileFields(protocol);
    expect(reader).toEqual({...reader, ...compiled});
    const places = [protocol.cancel, protocol.resultLocation].flat().map(Object);
    expect(places.filter((place) => Object.hasOwn(place, 'template') || Object.hasOwn(place, 'at'))).toEqual([]);
  });

  test('only the drive copy sends no token, and only it may move to foreign hosts', () => {
    const special = presets.filter(
      ([, protocol]) => !protocolReader(protocol).sendsToken || protocol.foreignHosts === true,
    );
    expect(special.map(([path]) => path)).toEqual(['graph.driveCopy']);
  });

  test('36: the paths of Graph are under its root', () => {
    const rooted = presets.filter(([, {pathsUnderRoot}]) => pathsUnderRoot === true);
    expect(rooted.map(([path]) => path)).toEqual(Object.keys(graph).map((name) => `graph.${name}`));
  });

  test('where the response to the start leads', () => {
    const others = presets.filter(([path]) => !(path.replace('graph.', '') in jobs));
    const starts = others.flatMap(([path, {start}]) => (start === undefined ? [] : [`${path} ${start}`]));
    expect(starts).toEqual([
      'graph.intuneExport resource',
      'graph.cloudPcExport resource',
      'graph.auditQuery resource',
      'google.longrunning /name',
    ]);
  });

  test('what headers the start needs', () => {
    const needs = presets.flatMap(([path, {requestHeaders}]) =>
      requestHeaders === undefined ? [] : [[path, requestHeaders]],
    );
    expect(needs).toEqual([
      ['graph.workbook', {prefer: 'respond-async'}],
      ['graph.connector', {prefer: 'respond-async'}],
    ]);
  });

  test('which can be canceled', () => {
    const cancels = presets.flatMap(([path, {cancel}]) => (cancel === undefined ? [] : [[path, cancel]]));
    const job = {method: 'POST', suffix: '/cancel'};
    expect(cancels).toEqual([
      ['graph.recoveryJob', job],
      ['graph.accessPackageAssignmentRequest', job],
      ['graph.printJob', job],
      ['google.longrunning', {method: 'POST', suffix: ':cancel'}],
    ]);
  });
});

/** A body with a word at the place of the protocol's status. */
function bodyWith(protocol: Protocol, word: unknown): unknown {
  const [path = []] = protocolReader(protocol).status;
  return path.reduceRight<unknown>((inner, name) => ({[name]: inner}), word);
}

const monitor = 'https://graph.microsoft.com/v1.0';
const manifest = `${monitor}/reports/partners/billing/manifests/8fe347d7-1e0f-4bd6-9091-4672691f32db`;
const session = `${monitor}/me/drive/items/01CCETFLK7GVZTZHSQNRD2AEI5XWTCU6FJ/workbook/sessionInfoResource(key='0195cfac')`;
const nested = {
  code: 'internalServerError',
  message: 'An internal server error occurred while processing the request.',
  innerError: {
    code: 'internalServerErrorUncategorized',
    message: 'An unspecified error has occurred.',
    innerError: {code: 'GenericFileOpenError', message: 'The workbook cannot be opened.'},
  },
};
const printer = {id: 'e56f9cdd-acec-486f-a05e-b622ff0bcc7d', displayName: 'Test Printer', status: {state: 'unknown'}};
const exportUrl = 'https://westus01repexpstorage.blob.core.windows.net/599fe3a3/remoteConnectionEvents_af34378a.zip';

// The bodies are the documentation's samples, some of them shortened; where it has placeholders, there are values.
const samples: readonly (readonly [
  kind: keyof typeof graph,
  status: OperationStatus,
  body: object,
  expected: Partial<Operation>,
])[] = [
  [
    'authentication',
    'running',
    {
      id: '2d497bb-57bd-47a6-8749-5ccd0869f2bd',
      status: 'running',
      createdDateTime: '2020-03-19T12-01-03.45Z',
      lastActionDateTime: '2020-03-19T12-01-04.23Z',
    },
    {
      id: '2d497bb-57bd-47a6-8749-5ccd0869f2bd',
      createdDateTime: new Date('2020-03-19T12:01:03.450Z'),
      lastActionDateTime: new Date('2020-03-19T12:01:04.230Z'),
    },
  ],
  [
    'richLongRunning',
    'succeeded',
    {
      id: 'contentTypeCopy,0x010100298A15181454D84EBB62EDD7559FCBFE',
      createdDateTime: '2022-01-24T16:28:23Z',
      resourceId: '0x010100298A15181454D84EBB62EDD7559FCBFE',
      resourceLocation: `${monitor}/sites/5b3ea0e2/contentTypes/0x010100298A15181454D84EBB62EDD7559FCBFE`,
      status: 'succeeded',
      type: 'contentTypeCopy',
    },
    {
      id: 'contentTypeCopy,0x010100298A15181454D84EBB62EDD7559FCBFE',
      resourceLocation: `${monitor}/sites/5b3ea0e2/contentTypes/0x010100298A15181454D84EBB62EDD7559FCBFE`,
      createdDateTime: new Date('2022-01-24T16:28:23Z'),
    },
  ],
  ['richLongRunning', 'running', {id: 'a', status: 'running', percentageComplete: 42}, {percentComplete: 42}],
  [
    'richLongRunning',
    'failed',
    {id: 'a', status: 'failed', error: {code: 'conflict', message: 'It is there.'}},
    {error: {code: 'conflict', message: 'It is there.'}},
  ],
  [
    'engagement',
    'succeeded',
    {
      id: 'eyJfdHlwZSI6IkxvbmdSdW5uaW5nT3BlcmF0aW9uIn0',
      createdDateTime: '2023-12-06T09:42:54.367629-08:00',
      status: 'succeeded',
      statusDetail: null,
      resourceLocation: `${monitor}/employeeExperience/communities('eyJfdHlwZSI6Ikdyb3VwIiwiaWQiOiI4MzIxMjc1In0')`,
    },
    {
      id: 'eyJfdHlwZSI6IkxvbmdSdW5uaW5nT3BlcmF0aW9uIn0',
      createdDateTime: new Date('2023-12-06T17:42:54.367Z'),
      resourceLocation: `${monitor}/employeeExperience/communities('eyJfdHlwZSI6Ikdyb3VwIiwiaWQiOiI4MzIxMjc1In0')`,
    },
  ],
  [
    'attackSimulation',
    'notStarted',
    {
      id: '2f5548d1-0dd8-4cc8-9de0-e0d6ec7ea3dc',
      statusDetail: 'Creating new simulation',
      createdDateTime: '2022-01-12T05:27:18.7957961Z',
      type: 'createSimulation',
      status: 'notStarted',
      percentageCompleted: 0,
    },
    {
      statusDetail: 'Creating new simulation',
      percentComplete: 0,
      createdDateTime: new Date('2022-01-12T05:27:18.795Z'),
    },
  ],
  [
    'teams',
    'succeeded',
    {
      id: 'string',
      operationType: 'archiveTeam',
      createdDateTime: '2018-01-01T00:00:00.0000000Z',
      status: 'succeeded',
      attemptsCount: 1,
      targetResourceId: 'fa4aa5a2-a75b-4769-86f4-9e2742a18fda',
      targetResourceLocation: "/groups('fa4aa5a2-a75b-4769-86f4-9e2742a18fda')/team",
      error: null,
    },
    {resourceLocation: "/groups('fa4aa5a2-a75b-4769-86f4-9e2742a18fda')/team"},
  ],
  ['teams', 'running', {id: 'a', status: 'inProgress', attemptsCount: 1}, {id: 'a'}],
  ['teams', 'failed', {id: 'a', status: 'invalid', error: {code: 'conflict'}}, {error: {code: 'conflict'}}],
  [
    'driveCopy',
    'running',
    {operation: 'ItemCopy', percentageComplete: 27.8, status: 'inProgress'},
    {percentComplete: 27.8},
  ],
  [
    'driveCopy',
    'succeeded',
    {percentageComplete: 100.0, resourceId: '01MOWKYVJML57KN2ANMBA3JZJS2MBGC7KM', status: 'completed'},
    {id: undefined, percentComplete: 100, result: '01MOWKYVJML57KN2ANMBA3JZJS2MBGC7KM'},
  ],
  [
    'driveCopy',
    'failed',
    {operation: 'ItemCopy', status: 'failed', errorCode: 'nameAlreadyExists', statusDescription: 'Name already exists'},
    {statusDetail: 'Name already exists', error: {code: 'nameAlreadyExists'}},
  ],
  [
    'driveCopy',
    'failed',
    {status: 'failed', errorCode: 'other', error: {code: 'nameAlreadyExists', message: 'Name already exists'}},
    {error: {code: 'nameAlreadyExists', message: 'Name already exists'}},
  ],
  ['workbook', 'running', {id: '0195cfac-bd22-4f91-b276-dece0aa2378b', status: 'running'}, {}],
  [
    'workbook',
    'succeeded',
    {id: '0195cfac', status: 'succeeded', resourceLocation: session},
    {resourceLocation: session},
  ],
  [
    'workbook',
    'failed',
    {id: '0195cfac', status: 'failed', error: nested},
    {error: {code: 'GenericFileOpenError', message: nested.innerError.innerError.message}},
  ],
  [
    'connector',
    'failed',
    {
      id: '3ed1595a-4bae-43c2-acda-ef973e581323',
      status: 'failed',
      error: {message: 'Server error, something went wrong'},
    },
    {error: {message: 'Server error, something went wrong'}},
  ],
  ['connector', 'running', {id: '3ed1595a', status: 'inprogress', error: null}, {id: '3ed1595a'}],
  [
    'onenote',
    'succeeded',
    {
      id: 'copy-1c5be75c-e7db-4219-8145-a2d6c3f171a3',
      status: 'completed',
      createdDateTime: '2015-09-16T17:32:07.048Z',
      lastActionDateTime: '2015-09-16T17:32:17.7777639Z',
      resourceLocation: 'https://www.onenote.com/api/v1.0/notes/notebooks/1-bde29eeb',
      resourceId: null,
      error: null,
    },
    {
      resourceLocation: 'https://www.onenote.com/api/v1.0/notes/notebooks/1-bde29eeb',
      lastActionDateTime: new Date('2015-09-16T17:32:17.777Z'),
    },
  ],
  [
    'onenote',
    'running',
    {id: 'a', status: 'Running', percentComplete: '35'},
    {rawStatus: 'Running', percentComplete: 35},
  ],
  [
    'onenote',
    'failed',
    {id: 'a', status: 'Failed', error: null, '@api.diagnostics': {code: '20102', message: 'Gone'}},
    {error: {code: '20102', message: 'Gone'}},
  ],
  [
    'print',
    'succeeded',
    {
      '@odata.type': '#microsoft.graph.printerCreateOperation',
      id: '81f4cca3-b3b7-47ea-9f88-7ddbf7208ef4',
      createdDateTime: '2020-06-15T22:27:03.031849Z',
      certificate: '{certificate}',
      status: {state: 'succeeded', description: 'The operation has completed successfully.'},
      printer,
    },
    {
      rawStatus: 'succeeded',
      statusDetail: 'The operation has completed successfully.',
      result: expect.objectContaining({printer, certificate: '{certificate}'}),
    },
  ],
  [
    'print',
    'failed',
    {id: 'a', status: {state: 'failed', description: 'The printer is on fire.'}},
    {statusDetail: 'The printer is on fire.'},
  ],
  [
    'ediscovery',
    'running',
    {
      '@odata.type': '#microsoft.graph.security.ediscoveryAddToReviewSetOperation',
      createdDateTime: '2022-05-23T16:51:34.8281972Z',
      completedDateTime: '0001-01-01T00:00:00Z',
      percentProgress: 50,
      status: 'running',
      action: 'addToReviewSet',
      id: '850c2f64b1ee44a4a69729327aac2b04',
    },
    {percentComplete: 50, createdDateTime: new Date('2022-05-23T16:51:34.828Z')},
  ],
  [
    'ediscovery',
    'succeeded',
    {
      id: 'a',
      status: 'partiallySucceeded',
      resultInfo: {code: 200, message: 'Two items are left.'},
      unindexedItemCount: 2,
    },
    {statusDetail: 'Two items are left.', result: expect.objectContaining({unindexedItemCount: 2})},
  ],
  [
    'ediscovery',
    'failed',
    {id: 'a', status: 'submissionFailed', resultInfo: {code: 500, message: 'It was not taken.', subcode: 7}},
    {error: {code: '500', message: 'It was not taken.'}},
  ],
  [
    'dataPolicy',
    'succeeded',
    {
      completedDateTime: '2020-01-02T00:00:00Z',
      id: 'd007e3da-cd9b-4b02-8d66-422403c53e3f',
      status: 'complete',
      storageLocation: 'https://contoso.blob.core.windows.net/exports?sig=s',
      submittedDateTime: '2020-01-01T00:00:00Z',
      progress: '100.0',
    },
    {
      percentComplete: 100,
      result: 'https://contoso.blob.core.windows.net/exports?sig=s',
      createdDateTime: new Date('2020-01-01T00:00:00Z'),
      lastActionDateTime: new Date('2020-01-02T00:00:00Z'),
    },
  ],
  [
    'intuneExport',
    'notStarted',
    {
      '@odata.type': '#microsoft.graph.deviceManagementExportJob',
      id: '9ddfb995-b995-9ddf-95b9-df9d95b9df9d',
      format: 'pdf',
      status: 'notStarted',
      url: 'Url value',
      requestDateTime: '2017-01-01T00:03:07.1589002-08:00',
    },
    {id: '9ddfb995-b995-9ddf-95b9-df9d95b9df9d', createdDateTime: new Date('2017-01-01T08:03:07.158Z')},
  ],
  ['intuneExport', 'succeeded', {id: 'a', status: 'completed', url: exportUrl}, {result: exportUrl}],
  ['intuneExport', 'running', {id: 'a', status: 'unknown', url: null}, {rawStatus: 'unknown'}],
  [
    'cloudPcExport',
    'running',
    {
      id: 'TotalAggregatedRemoteConnectionReports__d39979c9-a0a2-4916-a158-1b984742ffff',
      expirationDateTime: '0001-01-01T00:00:00Z',
      requestDateTime: '2022-09-16T12:00:06.5137388Z',
      exportJobStatus: 'inProgress',
      exportUrl: null,
    },
    {createdDateTime: new Date('2022-09-16T12:00:06.513Z')},
  ],
  [
    'cloudPcExport',
    'succeeded',
    {
      value: {
        id: 'TotalAggregatedRemoteConnectionReports__d39979c9-a0a2-4916-a158-1b984742ffff',
        requestDateTime: '2022-09-16T12:00:06.5137388Z',
        exportJobStatus: 'completed',
        exportUrl,
      },
    },
    {
      id: 'TotalAggregatedRemoteConnectionReports__d39979c9-a0a2-4916-a158-1b984742ffff',
      createdDateTime: new Date('2022-09-16T12:00:06.513Z'),
      result: exportUrl,
    },
  ],
  [
    'auditQuery',
    'succeeded',
    {value: {id: '168ec429-084b-a489-90d8-504a87846305', displayName: 'String', status: 'succeeded'}},
    {id: '168ec429-084b-a489-90d8-504a87846305'},
  ],
  ['auditQuery', 'canceled', {id: '168ec429', status: 'cancelled'}, {id: '168ec429'}],
  [
    'partnerBilling',
    'succeeded',
    {
      id: '6fe687d7-1e0f-4bd6-9091-4672691f64bc',
      status: 'succeeded',
      createdDateTime: '2023-03-09T08:12:53',
      lastActionDateTime: '2023-03-09T08:37:48.5046691Z',
      'resourceLocation@odata.navigationLink': manifest,
    },
    {resourceLocation: manifest, createdDateTime: new Date('2023-03-09T08:12:53Z')},
  ],
  [
    'partnerBilling',
    'succeeded',
    {id: 'a', status: 'completed', resourceLocation: manifest},
    {resourceLocation: manifest},
  ],
  [
    'partnerBilling',
    'failed',
    {id: 'a', status: 'failed', error: {message: 'No data available', code: '5000'}},
    {error: {message: 'No data available', code: '5000'}},
  ],
  ['partnerBilling', 'running', {id: 'a', status: 'running', createdDateTime: '2023-03-09T08:12:53'}, {id: 'a'}],
];

describe('the documented responses', () => {
  test.each(samples)('graph.%s, %s: %j', (kind, status, body, expected) => {
    expect(operationOf(graph[kind], body)).toMatchObject({...expected, status});
  });

  test('cover all kinds', () => {
    expect(new Set(samples.map(([kind]) => kind))).toEqual(new Set(Object.keys(kinds)));
  });

  test('the body takes precedence over the HTTP status: a drive copy that is completed under 202', () => {
    expect(statusOf(graph.driveCopy, {status: 'completed'}, 202)).toBe('succeeded');
  });
});

describe('a response that is not an operation', () => {
  const bodies = [
    {},
    [],
    null,
    'x',
    5,
    true,
    undefined,
    {status: null},
    {status: 5},
    {status: [1]},
    {error: {code: 'oops'}},
  ];
  test.each(presets.filter(([path]) => !['azure.location', 'azure.resource'].includes(path)))(
    '%s does not mistake it for one',
    (_, protocol) => {
      const statuses = bodies.map((body) => statusOf(protocol, body));
      expect(statuses).toEqual(bodies.map(() => 'unreadable'));
    },
  );
});

describe('any JSON value', () => {
  const word = fc.oneof(
    fc.constantFrom('notStarted', 'running', 'inProgress', 'succeeded', 'completed', 'failed', 'Canceled', true, false),
    fc.jsonValue(),
  );
  const names = fc.constantFrom(
    'status state done name id value error errorCode resultInfo response metadata properties provisioningState'.split(
      ' ',
    ),
  );
  const bodies = fc.oneof(
    fc.jsonValue(),
    fc.constant(undefined),
    names.chain((list) =>
      fc.dictionary(
        fc.constantFrom(...list, '__proto__'),
        fc.oneof(word, fc.dictionary(fc.constantFrom(...list), word)),
      ),
    ),
  );
  const httpStatuses = fc.constantFrom(200, 201, 202, 204, 206, 404, 500);

  test.each(presets)(
    'is an operation, an unknown status or unreadable under %s, and nothing is thrown',
    (_, protocol) => {
      fc.assert(
        fc.property(bodies, httpStatuses, (body, httpStatus) => {
          const parsed = parse(protocol, body, httpStatus);
          expect(['operation', 'unknownStatus', 'unreadable']).toContain(parsed.is);
          if (parsed.is !== 'operation') return;
          expect(['notStarted', 'running', 'succeeded', 'failed', 'canceled']).toContain(parsed.operation.status);
          expect(Object.isFrozen(parsed.operation)).toBe(true);
          expect(parsed.operation.raw).toBe(body ?? null);
        }),
      );
    },
  );

  test.each(presets)('may have a word of %s in any case', (_, protocol) => {
    const words = Object.entries(protocol.words);
    for (const [own, status] of words) {
      const parsed = parseOperation({json: bodyWith(protocol, own.toUpperCase())}, protocolReader(protocol), 200);
      expect(parsed).toMatchObject({is: 'operation', operation: {status, rawStatus: own.toUpperCase()}});
    }
  });
});
