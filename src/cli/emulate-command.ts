import {once} from 'node:events';
import {type GraphEmulator, startGraphEmulator} from '../testing/graph-emulator.ts';
import type {AddOperationOptions} from '../testing/operation-options.ts';
import {CliError, errorCode, exitCodes} from './cli-error.ts';
import {assignment, invocationName, quote} from './quote.ts';
import {interruptionOf, type Shell} from './shell.ts';

/** The only token that the emulator accepts. */
const token = 'emulated-token';

/** The operations to watch. Each poll takes one step, so that none ends before someone watches it. */
const samples: ReadonlyArray<{
  readonly behavior: string;
  readonly protocol?: string;
  readonly operation: AddOperationOptions;
}> = [
  {
    behavior: 'succeeds',
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
    behavior: 'is throttled, then briefly unreachable',
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
    behavior: 'fails',
    operation: {
      id: 'fails',
      script: ['notStarted', {status: 'running', times: 2}, {status: 'failed', detail: 'PolicyViolation'}],
    },
  },
  {behavior: 'never ends: stop it with Ctrl-C, then resume', operation: {id: 'endless', script: ['running']}},
];

/** The options of `emulate`. */
export interface EmulateOptions {
  readonly port?: number;
}

/**
 * `operation-poller emulate`: Microsoft Graph on this machine, with operations to watch, until interrupted.
 *
 * @returns the exit code of the interruption
 */
export async function emulateCommand({port = 0}: EmulateOptions, shell: Shell): Promise<number> {
  const {stdout, signal} = shell;
  const emulator = await start(port);
  const name = invocationName(shell);
  try {
    const operations = samples.map((sample) => ({
      ...sample,
      location: emulator.addOperation({...sample.operation, query: ''}).location,
    }));
    stdout.write(
      [
        `Emulating Microsoft Graph at ${emulator.root} until Ctrl-C.`,
        `View its operations, and change them, in a browser: ${emulator.console}`,
        '',
        'Try it from another terminal:',
        '',
        `  ${assignment('GRAPH_TOKEN', token)}`,
        ...operations.flatMap(({behavior, protocol, location}) => [
          '',
          `  # ${behavior}`,
          `  ${name} watch ${quote(location)} --token-env GRAPH_TOKEN${protocol === undefined ? '' : ` --protocol ${protocol}`}`,
        ]),
        '',
        '  # resets a password; any user works',
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
    const code = errorCode(error);
    if (code === undefined) throw error;
    throw new CliError(
      `cannot listen on port ${port} (${code})`,
      'Choose another --port, or omit it to use a free one.',
    );
  }
}
