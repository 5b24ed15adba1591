import {readFile} from 'node:fs/promises';
import {Command, CommanderError, type Help, InvalidArgumentError, Option} from 'commander';
import {cloudRoots} from '../graph/clouds.ts';
import type {Protocol} from '../protocol/protocol.ts';
import {ownProperties} from '../shared/check-options.ts';
import {CliError, exitCodes} from './cli-error.ts';
import type {GivenOption} from './command-line.ts';
import {parseDuration} from './duration.ts';
import type {EmulateOptions} from './emulate-command.ts';
import {useEnvironmentProxy} from './environment-proxy.ts';
import {exampleText} from './examples.ts';
import {readProtocol} from './named-protocols.ts';
import {protocolsCommand} from './protocols-command.ts';
import {Reporter} from './reporter.ts';
import {type ResetPasswordCommandOptions, resetPasswordCommand} from './reset-password-command.ts';
import type {Shell} from './shell.ts';
import {columnsOf} from './terminal.ts';
import {type WatchCommandOptions, watchCommand} from './watch-command.ts';

/**
 * Runs the command `operation-poller`.
 *
 * @param args the arguments on the command line
 * @returns the exit code; nothing is left running
 */
export async function runCommand(args: readonly string[], shell: Shell): Promise<number> {
  let exitCode: number = exitCodes.succeeded;
  const program = createProgram(shell, await packageVersion(), (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(args, {from: 'user'});
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.succeeded;
    // Without a command, commander has already printed the help to stderr.
    if (error instanceof CommanderError && error.code === 'commander.help') return exitCodes.usage;
    const reporter = new Reporter(shell, {json: args.includes('--json'), color: !args.includes('--no-color')});
    return reporter.fail(error instanceof CommanderError ? usageError(error, args, program) : error);
  }
}

function createProgram(shell: Shell, version: string, end: (exitCode: number) => void): Command {
  const helpWidth = columnsOf(shell.stdout);
  const program = new Command('operation-poller')
    .description('Watches a long-running operation on a server until it ends.')
    .version(version, '-v, --version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [command]', 'shows the help of a command')
    .option('--no-color', 'no colors; NO_COLOR in the environment does the same')
    .configureHelp({showGlobalOptions: true, minWidthToWrap: 20, ...(helpWidth < 60 && {formatItem: narrowItem})})
    .configureOutput({
      writeOut: (text) => void shell.stdout.write(text),
      writeErr: (text) => void shell.stderr.write(text),
      getOutHelpWidth: () => helpWidth,
      getErrHelpWidth: () => helpWidth,
      outputError: () => undefined, // runCommand reports it
    })
    .exitOverride();

  const frame: Frame = {shell, end, given: []};
  collectGiven(program, frame.given);
  addWatch(program, frame);
  addResetPassword(program, frame);
  addEmulate(program, frame);
  addProtocols(program, frame);
  for (const command of [program, ...program.commands]) {
    command.addHelpText('after', () => exampleText(command.name(), helpWidth));
  }
  return program;
}

/** What all commands share. */
interface Frame {
  readonly shell: Shell;
  readonly end: (exitCode: number) => void;
  /** The options of the command line, in their order. */
  readonly given: GivenOption[];
}

function addWatch(program: Command, frame: Frame): void {
  const {shell, end, given} = frame;
  const command = program
    .command('watch')
    .description('watches an operation until it ends and prints the outcome')
    .argument('[location]', 'where the operation is, as the service returned it; optional with --resume')
    .option('--protocol <name>', 'how the service describes its operations (default: longRunning)', readProtocol)
    .addOption(new Option('--protocol-file <file>', 'the same, as JSON in a file').conflicts('protocol'))
    .addOption(new Option('--root <url>', 'the root of the service that the token is for').conflicts('cloud'))
    .option('--header-env <name=variable>', 'a header for the root, with its value from a variable', collect)
    .option('--fetch-result', 'fetch what the operation produced and print it as JSON')
    .option('--resume <file>', 'save a resume token in this file if watching ends first, and resume from it')
    .action(async (location: string | undefined) => {
      const options = ownProperties({...command.optsWithGlobals<WatchCommandOptions>(), given});
      end(await watchCommand(location, options, shell));
    });
  addWatchOptions(command, frame);
}

function addResetPassword(program: Command, frame: Frame): void {
  const {shell, end, given} = frame;
  const command = program
    .command('reset-password')
    .description("resets a user's password in Microsoft Graph, and watches the reset")
    .argument('<user>', 'object id or user principal name')
    .addOption(new Option('--generate', 'let the service generate it; needs --show').conflicts('passwordStdin'))
    .option('--password-stdin', 'read the password from stdin instead of prompting for it')
    .option('--show', 'print the new password, and nothing else, once the reset has succeeded')
    .addOption(new Option('--root <url>', 'a Graph root other than that of --cloud').conflicts('cloud'))
    .action(async (user: string) => {
      const options = ownProperties({...command.optsWithGlobals<ResetPasswordCommandOptions>(), given});
      end(await resetPasswordCommand(user, options, shell));
    });
  addWatchOptions(command, frame);
}

function addEmulate(program: Command, {shell, end}: Frame): void {
  program
    .command('emulate')
    .description('emulates Microsoft Graph on this machine, with operations to watch, until Ctrl-C')
    .option('--port <number>', 'the port to listen on (default: a free one)', readPort)
    .option('--token <token>', 'the token that it accepts (default: emulated-token)')
    .option('--script <file>', 'a script as JSON, for one more operation and for resets')
    .option('--tls', 'speak https, and print how to trust its certificate')
    .option('--open', 'open its console in a browser')
    .action(async (options: EmulateOptions) => {
      const {emulateCommand} = await import('./emulate-command.ts');
      end(await emulateCommand(ownProperties(options), shell));
    });
}

function addProtocols(program: Command, {shell, end}: Frame): void {
  program
    .command('protocols')
    .description('lists the protocols that --protocol accepts, or shows one of them')
    .argument('[name]', 'the one to show', readProtocol)
    .option('--json', 'as JSON')
    .action((protocol: Protocol | undefined, options: {json?: boolean}) =>
      end(protocolsCommand(protocol, ownProperties(options), shell)),
    );
}

/** An option or a command in the help of a narrow terminal, where nothing fits beside it. */
function narrowItem(term: string, _termWidth: number, description: string, helper: Help): string {
  const indent = '      ';
  const lines = helper.boxWrap(description, (helper.helpWidth ?? 80) - indent.length).split('\n');
  return [`  ${term}`, ...lines.map((line) => indent + line)].join('\n');
}

/** Notes each option of the command line, before its value is parsed. */
function collectGiven(command: Command, given: GivenOption[]): void {
  for (const option of command.options) {
    const flag = option.long ?? option.flags;
    command.on(`option:${option.name()}`, (value?: string | null) => {
      given.push(typeof value === 'string' ? [flag, value] : [flag]);
    });
  }
}

/** Adds what all watching commands share. */
function addWatchOptions(command: Command, {shell, given}: Frame): void {
  const sources = ['tokenEnv', 'tokenFile', 'tokenCommand'];
  command
    .addOption(new Option('--token-env <name>', 'variable with the access token').conflicts(sources.slice(1)))
    .addOption(new Option('--token-file <file>', 'file with it, reread for each request').conflicts(sources.slice(2)))
    .option('--token-command <command>', 'command that prints it; run once, and again when the token is refused')
    .addOption(new Option('--cloud <name>', 'the Graph cloud that the token is for').choices(Object.keys(cloudRoots)))
    .option('--timeout <duration>', 'stop watching after 90s, 10m, 2h (default: 15m, or by the protocol)', duration)
    .option('--interval <duration>', 'poll every 500ms, 5s (default: 1s growing to 30s, with jitter)', duration)
    .option('--learned <file>', 'keep how long such operations take in this file, and estimate the end by it')
    .option('--not-found-grace <duration>', 'how long a 404 means "not visible yet" (default: 30s; 0s: never)', grace)
    .option('--json', 'print each event, and the outcome, as one line of JSON')
    .option('--quiet', 'show no progress')
    .hook('preAction', () => useEnvironmentProxy(shell));
  collectGiven(command, given);
}

function duration(text: string): number {
  const milliseconds = parseDuration(text);
  if (milliseconds !== undefined) return milliseconds;
  throw new InvalidArgumentError('Expected a number and its unit: 500ms, 5s, 10m or 2h.');
}

function grace(text: string): number {
  return text === '0s' ? 0 : duration(text);
}

function collect(text: string, others: readonly string[] = []): readonly string[] {
  return [...others, text];
}

function readPort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError('Expected a whole number from 0 to 65535.');
}

/** Turns an error of commander into a CLI error. The value of an unknown option may be a token, so it is not shown. */
function usageError({message}: CommanderError, [name = '']: readonly string[], program: Command): CliError {
  const [problem = '', ...rest] = message
    .replace(/^error: /, '')
    .replace(/^command-argument value '(.*)' is invalid for argument '(.*)'\./, "argument '$2' is invalid: '$1'.")
    .replace(/'(--?[\w-]+)=[\s\S]*?'$/m, "'$1'")
    .split('\n');
  const known = program.commands.some((command) => command.name() === name);
  const help = `See operation-poller ${known ? `${name} ` : ''}--help.`;
  const isToken = problem.endsWith("'--token'");
  const hints = isToken
    ? ['A token on the command line can be seen by others: use --token-env, --token-file or --token-command.']
    : rest;
  return new CliError(problem, [...hints, help].join(' '));
}

async function packageVersion(): Promise<string> {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  const {version}: {version: string} = JSON.parse(text);
  return version;
}
