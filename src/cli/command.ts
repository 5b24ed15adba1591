import {readFile} from 'node:fs/promises';
import {Command, CommanderError, InvalidArgumentError, Option} from 'commander';
import {cloudRoots} from '../graph/clouds.ts';
import {CliError, exitCodes} from './cli-error.ts';
import {examples} from './examples.ts';
import {readProtocol, readProtocolFile} from './named-protocols.ts';
import {protocolsCommand} from './protocols-command.ts';
import {Reporter} from './reporter.ts';
import {type ResetPasswordCommandOptions, resetPasswordCommand} from './reset-password-command.ts';
import type {Shell} from './shell.ts';
import {type WatchCommandOptions, watchCommand} from './watch-command.ts';
import {parseDuration} from './watch-options.ts';

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
  const program = new Command('operation-poller')
    .description('Watches a long-running operation on a server until it ends.')
    .version(version, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
    .option('--no-color', 'no colors; NO_COLOR in the environment does the same')
    .configureHelp({showGlobalOptions: true})
    .configureOutput({
      writeOut: (text) => void shell.stdout.write(text),
      writeErr: (text) => void shell.stderr.write(text),
      outputError: () => undefined, // runCommand reports it
    })
    .exitOverride()
    .addHelpText('after', examples.all);

  const watch = program
    .command('watch')
    .description('watches an operation until it ends and prints the outcome')
    .argument('[location]', 'where the operation is, as the service returned it; optional with --resume')
    .option('--protocol <name>', 'how the service describes its operations (default: longRunning)', readProtocol)
    .addOption(
      new Option('--protocol-file <file>', 'the same, as JSON in a file')
        .argParser(readProtocolFile)
        .conflicts('protocol'),
    )
    .addOption(new Option('--root <url>', 'the root of the service that the token is for').conflicts('cloud'))
    .option('--header-env <name=variable>', 'a header for the root, with its value from a variable', collect)
    .option('--fetch-result', 'fetch what the operation produced and print it as JSON')
    .option('--resume <file>', 'save a resume token in this file if watching ends first, and resume from it')
    .addHelpText('after', examples.watch)
    .action(async (location: string | undefined, _own: unknown, command: Command) =>
      end(await watchCommand(location, command.optsWithGlobals<WatchCommandOptions>(), shell)),
    );
  addWatchOptions(watch);

  const resetPassword = program
    .command('reset-password')
    .description("resets a user's password in Microsoft Graph, and watches the reset")
    .argument('<user>', 'object id or user principal name')
    .addOption(new Option('--generate', 'let the service generate it; needs --show').conflicts('passwordStdin'))
    .option('--password-stdin', 'read the password from stdin instead of prompting for it')
    .option('--show', 'print the new password, and nothing else, once the reset has succeeded')
    .addOption(new Option('--root <url>', 'a Graph root other than that of --cloud').conflicts('cloud'))
    .addHelpText('after', examples.resetPassword)
    .action(async (user: string, _own: unknown, command: Command) =>
      end(await resetPasswordCommand(user, command.optsWithGlobals<ResetPasswordCommandOptions>(), shell)),
    );
  addWatchOptions(resetPassword);

  program
    .command('emulate')
    .description('emulates Microsoft Graph on this machine, with operations to watch, until Ctrl-C')
    .option('--port <number>', 'the port to listen on (default: a free one)', readPort)
    .addHelpText('after', examples.emulate)
    .action(async (options: {port?: number}) => {
      const {emulateCommand} = await import('./emulate-command.ts');
      end(await emulateCommand(options, shell));
    });

  program
    .command('protocols')
    .description('lists the protocols that --protocol accepts')
    .option('--json', 'as JSON')
    .addHelpText('after', examples.protocols)
    .action((options: {json?: boolean}) => end(protocolsCommand(options, shell)));

  return program;
}

/** Adds the options that all watching commands share. */
function addWatchOptions(command: Command): void {
  const sources = ['tokenEnv', 'tokenFile', 'tokenCommand'];
  command
    .addOption(new Option('--token-env <name>', 'variable with the access token').conflicts(sources.slice(1)))
    .addOption(new Option('--token-file <file>', 'file with it, reread for each request').conflicts(sources.slice(2)))
    .option('--token-command <command>', 'command that prints it; run once, and again when the token is refused')
    .addOption(new Option('--cloud <name>', 'the Graph cloud that the token is for').choices(Object.keys(cloudRoots)))
    .option('--timeout <duration>', 'stop watching after 90s, 10m, 2h (default: 15m, or by the protocol)', duration)
    .option('--interval <duration>', 'poll every 500ms, 5s (default: 1s growing to 30s, with jitter)', duration)
    .option('--not-found-grace <duration>', 'how long a 404 means "not visible yet" (default: 30s; 0s: never)', grace)
    .option('--json', 'print each event, and the outcome, as one line of JSON')
    .option('--quiet', 'show no progress');
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
