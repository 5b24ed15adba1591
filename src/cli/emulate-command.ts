import {once} from 'node:events';
import {type GraphEmulator, startGraphEmulator} from '../testing/graph-emulator.ts';
import type {AddOperationOptions} from '../testing/operation-options.ts';
import {called} from './called.ts';
import {Complaint} from './cli-error.ts';
import {codeOf} from './error-code.ts';
import {exitCodes} from './exit-code.ts';
import {assignment, quoted} from './quote.ts';
import {interruptionOf, type Shell} from './shell.ts';

/** The token that the emulator takes, and no other. */
const token = 'emulated-token';

/** What there is to watch at once; each poll takes a step, so nothing ends before somebody looks. */
const samples: ReadonlyArray<{
  readonly says: string;
  readonly protocol?: string;
  readonly operation: AddOperationOptions;
}> = [
  {
    says: 'goes well',
    protocol: 'graph.richLongRunning',
    operation: {
      id: 'well',
      script: [
        'notStarted',
        {status: 'running', percentageComplete: 20},
        {status: 'running', percentageComplete: 55, retryAfter: 2},
        {status: 'running', percentageComplete: 90},
        {status: 'succeeded', percentageComplete: 100, detail: 'ResetSuccess'},
      ],
    },
  },
  {
    says: 'is throttled, and unreachable for a moment',
    operation: {
      id: 'throttled',
      script: [
        'running',
        {http: 429, retryAfter: 5},
        'running',
        {http: 503, times: 2},
        {fault: 'reset'},
        'running',
        'succeeded',
      ],
    },
  },
  {
    says: 'fails',
    operation: {
      id: 'fails',
      script: ['notStarted', {status: 'running', times: 2}, {status: 'failed', detail: 'PolicyViolation'}],
    },
  },
  {says: 'never ends: stop it with Ctrl-C, and resume', operation: {id: 'endless', script: ['running']}},
];

/** The options of `emulate`. */
export interface EmulateOptions {
  readonly port?: number;
}

/**
 * `operation-poller emulate`: Microsoft Graph on this machine, with operations to watch, until it is interrupted.
 *
 * @returns the exit code of the interruption
 */
export async function emulateCommand({port = 0}: EmulateOptions, shell: Shell): Promise<number> {
  const {stdout, signal} = shell;
  const emulator = await start(port);
  const name = called(shell);
  try {
    const operations = samples.map((sample) => ({
      ...sample,
      location: emulator.addOperation({...sample.operation, query: ''}).location,
    }));
    stdout.write(
      [
        `Microsoft Graph is emulated at ${emulator.root}, until Ctrl-C.`,
        `See its operations, and move them, in a browser: ${emulator.console}`,
        '',
        'Try it in another terminal:',
        '',
        `  ${assignment('GRAPH_TOKEN', token)}`,
        ...operations.flatMap(({says, protocol, location}) => [
          '',
          `  # ${says}`,
          `  ${name} watch ${quoted(location)} --token-env GRAPH_TOKEN${protocol === undefined ? '' : ` --protocol ${protocol}`}`,
        ]),
        '',
        '  # resets a password; any user will do',
        `  ${name} reset-password adele@contoso.com --root ${emulator.root} --token-env GRAPH_TOKEN`,
        '',
        '',
      ].join('\n'),
    );
    if (!signal.aborted) await once(signal, 'abort');
    return interruptionOf(shell)?.exitCode ?? exitCodes.succeeded;
  } finally {
    await emulator.stop();
  }
}

async function start(port: number): Promise<GraphEmulator> {
  try {
    return await startGraphEmulator({port, token, record: false, console: true});
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    throw new Complaint(
      `port ${port} cannot be had (${code})`,
      'Give another --port, or none: then a free one is taken.',
    );
  }
}
