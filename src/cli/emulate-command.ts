import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import process from 'node:process';
import {escapeControls} from '../shared/printable.ts';
import {type GraphEmulator, startGraphEmulator} from '../testing/graph-emulator.ts';
import type {AddOperationOptions} from '../testing/operation-options.ts';
import type {OperationStep} from '../testing/operation-step.ts';
import {CliError, errorCode, exitCodes} from './cli-error.ts';
import {assignment, invocationName, quote} from './command-line.ts';
import {readText} from './read-text.ts';
import type {Shell} from './shell.ts';

const defaultToken = 'emulated-token';

interface Sample extends Pick<AddOperationOptions, 'id' | 'script'> {
  readonly behavior: string;
  readonly protocol?: string;
}

/** The operations to watch. Each poll takes one step, so that none ends before someone watches it. */
const samples: readonly Sample[] = [
  {
    behavior: 'succeeds',
    protocol: 'graph.richLongRunning',
    id: 'well',
    script: [
      'notStarted',
      {status: 'running', percentageComplete: 20},
      {status: 'running', percentageComplete: 55, retryAfter: 2},
      {status: 'running', percentageComplete: 90},
      {status: 'succeeded', percentageComplete: 100, detail: 'ResetSuccess'},
    ],
  },
  {
    behavior: 'is throttled, then briefly unreachable',
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
  {
    behavior: 'fails',
    id: 'weak-password',
    script: ['notStarted', {status: 'running', times: 2}, {status: 'failed', detail: 'PolicyViolation'}],
  },
  {behavior: 'never ends: stop it with Ctrl-C, then resume', id: 'endless', script: ['running']},
];

export interface EmulateOptions {
  readonly port?: number;
  /** The only token that it accepts. */
  readonly token?: string;
  /** The path of a file with a script as JSON, for one more operation and for resets. */
  readonly script?: string;
  /** Speaks https, with a certificate that is made at the start. */
  readonly tls?: boolean;
  /** Opens the console in a browser. */
  readonly open?: boolean;
}

/**
 * `operation-poller emulate`: Microsoft Graph on this machine, with operations to watch, until interrupted.
 *
 * @returns 0: an interruption is its end
 */
export async function emulateCommand(options: EmulateOptions, shell: Shell): Promise<number> {
  const {token = defaultToken, script: path, open = false} = options;
  const {stdout, signal} = shell;
  const script = path === undefined ? undefined : await readScriptFile(path, shell);
  const emulator = await start(options, script);
  const name = invocationName(shell);
  let certificate: string | undefined;
  try {
    if (emulator.certificate !== undefined) certificate = await saveCertificate(emulator.certificate);
    const scripted = script === undefined ? [] : [{behavior: 'does what the script says', id: 'scripted'}];
    const operations = [...scripted, ...samples].map(({behavior, protocol, ...operation}: Sample) => {
      const {location} = emulator.addOperation({...operation, query: ''});
      return {behavior, location: quote(location), protocol: protocol === undefined ? '' : ` --protocol ${protocol}`};
    });
    stdout.write(
      [
        `Emulating Microsoft Graph at ${emulator.root} until Ctrl-C.`,
        `View its operations, and change them, in a browser: ${emulator.console}`,
        '',
        'Try it from another terminal:',
        '',
        `  ${assignment('GRAPH_TOKEN', token)}`,
        ...(certificate === undefined ? [] : [`  ${assignment('NODE_EXTRA_CA_CERTS', certificate)}`]),
        ...operations.flatMap(({behavior, protocol, location}) => [
          '',
          `  # ${behavior}`,
          `  ${name} watch ${location} --token-env GRAPH_TOKEN${protocol}`,
        ]),
        '',
        '  # resets a password; any user works',
        `  ${name} reset-password adele@contoso.com --root ${emulator.root} --token-env GRAPH_TOKEN`,
        '',
        '',
      ].join('\n'),
    );
    if (open && emulator.console !== undefined) openInBrowser(emulator.console, shell);
    if (!signal.aborted) await once(signal, 'abort');
    return exitCodes.succeeded;
  } finally {
    await emulator.stop();
    if (certificate !== undefined) await rm(dirname(certificate), {recursive: true, force: true});
  }
}

/** Saves the certificate in a folder of its own: Node reads what to trust from a file alone. */
async function saveCertificate(certificate: string): Promise<string> {
  try {
    const path = join(await mkdtemp(join(tmpdir(), 'operation-poller-emulate-')), 'certificate.pem');
    await writeFile(path, certificate);
    return path;
  } catch (error) {
    const message = `--tls: cannot write the certificate into ${escapeControls(tmpdir())} (${errorCode(error)})`;
    throw new CliError(message, 'Name another folder in the variable TMPDIR.');
  }
}

async function readScriptFile(path: string, {signal}: Pick<Shell, 'signal'>): Promise<readonly OperationStep[]> {
  const file = `--script: ${escapeControls(path)}`;
  const hint = 'It must be a JSON list of steps, e.g. ["running", {"http": 429, "retryAfter": 5}, "succeeded"].';
  const {text} = await readText(path, signal).catch((error: unknown) => {
    signal.throwIfAborted();
    throw new CliError(`${file} cannot be read (${errorCode(error)})`, hint);
  });
  try {
    return JSON.parse(text);
  } catch {
    throw new CliError(`${file} is not JSON`, hint);
  }
}

async function start(
  {port = 0, token = defaultToken, tls = false}: EmulateOptions,
  script: readonly OperationStep[] | undefined,
): Promise<GraphEmulator> {
  try {
    return await startGraphEmulator({port, tls, token, script, record: false, console: true});
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined) throw error;
    throw new CliError(
      `cannot listen on port ${port} (${code})`,
      'Choose another --port, or omit it to use a free one.',
    );
  }
}

/** The program that opens a URL on each system, with its arguments. */
const openers: Readonly<Record<string, readonly [program: string, ...args: readonly string[]]>> = {
  darwin: ['open'],
  // `start` takes a first argument in quotes for a title.
  win32: ['cmd', '/c', 'start', '""'],
};

/** Opens a URL in the browser. Without one, it says so: that is no error. */
function openInBrowser(url: string, {env, stderr}: Pick<Shell, 'env' | 'stderr'>): void {
  const [program, ...args] = openers[process.platform] ?? ['xdg-open'];
  const child = spawn(program, [...args, url], {env, stdio: 'ignore', detached: true, windowsHide: true});
  const failed = (): void => void stderr.write(`No browser could be opened (${program}). Open ${url} yourself.\n`);
  child.once('error', failed);
  child.once('exit', (code) => {
    if (code !== 0) failed();
  });
  child.unref();
}
