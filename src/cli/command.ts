import {readFile} from 'node:fs/promises';
import {Command, CommanderError, InvalidArgumentError, Option} from 'commander';
import {cloudRoots} from '../graph/clouds.ts';
import {protocolNamed} from '../protocol/presets.ts';
import type {Protocol} from '../protocol/protocol.ts';
import {Complaint} from './cli-error.ts';
import {readDuration} from './duration.ts';
import {examples} from './examples.ts';
import {exitCodes} from './exit-code.ts';
import {protocolsCommand} from './protocols-command.ts';
import {Report} from './reporter.ts';
import {type ResetPasswordCommandOptions, resetPasswordCommand} from './reset-password-command.ts';
import type {Shell} from './shell.ts';
import {type WatchOptions, watchCommand} from './watch-command.ts';

/**
 * Runs the command `operation-poller`.
 *
 * @param args what stands after its name on the command line
 * @returns the exit code; nothing is left running
 */
export async function runCommand(args: readonly string[], shell: Shell): Promise<number> {
  let exitCode: number = exitCodes.succeeded;
  const program = programFor(shell, await packageVersion(), (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(args, {from: 'user'});
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.succeeded;
    // Without a command, commander has shown its help, to stderr.
    if (error instanceof CommanderError && error.code === 'commander.help') return exitCodes.usage;
    const report = new Report(shell, {json: args.includes('--json'), color: !args.includes('--no-color')});
    return report.complain(error instanceof CommanderError ? misuse(error, args, program) : error);
  }
}

function programFor(shell: Shell, version: string, end: (exitCode: number) => void): Command {
  const program = new Command('operation-poller')
    .description('Watches a long-running operation on a server until it ends.')
    .version(version, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
    .option('--no-color', 'no colours; so does NO_COLOR in the environment')
    .configureHelp({showGlobalOptions: true})
    .configureOutput({
      writeOut: (text) => void shell.stdout.write(text),
      writeErr: (text) => void shell.stderr.write(text),
      outputError: () => undefined, // runCommand tells of it
    })
    .exitOverride()
    .addHelpText('after', examples.all);

  const watch = program
    .command('watch')
    .description('watches an operation until it ends, and says how it ended')
    .argument('[location]', 'where it is, as the service said; with --resume it may be left out')
    .option('--protocol <name>', 'how the service words it (default: longRunning)', readProtocol)
    .option('--fetch-result', 'fetch what it produced, and print that as JSON')
    .option('--resume <file>', 'keep the place in this file when watching ends first, and go on from there')
    .addHelpText('after', examples.watch)
    .action(async (location: string | undefined, _own: unknown, command: Command) =>
      end(await watchCommand(location, command.optsWithGlobals<WatchOptions>(), shell)),
    );
  addWatchingOptions(watch);

  const resetPassword = program
    .command('reset-password')
    .description("resets a user's password in Microsoft Graph, and watches it happen")
    .argument('<user>', 'object id or user principal name')
    .addOption(new Option('--generate', 'let the service make the password; needs --show').conflicts('passwordStdin'))
    .option('--password-stdin', 'read the password from stdin instead of asking for it')
    .option('--show', 'print the new password, and nothing else, once the reset has succeeded')
    .addOption(new Option('--root <url>', 'another Graph root than that of --cloud').conflicts('cloud'))
    .addHelpText('after', examples.resetPassword)
    .action(async (user: string, _own: unknown, command: Command) =>
      end(await resetPasswordCommand(user, command.optsWithGlobals<ResetPasswordCommandOptions>(), shell)),
    );
  addWatchingOptions(resetPassword);

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
    .description('lists the protocols that --protocol takes')
    .option('--json', 'as JSON')
    .addHelpText('after', examples.protocols)
    .action((options: {json?: boolean}) => end(protocolsCommand(options, shell)));

  return program;
}

/** The options of the commands that watch. */
function addWatchingOptions(command: Command): void {
  const sources = ['tokenEnv', 'tokenFile', 'tokenCommand'];
  command
    .addOption(new Option('--token-env <name>', 'the access token is in this variable').conflicts(sources.slice(1)))
    .addOption(
      new Option('--token-file <file>', 'it is in this file, read anew for each request').conflicts(sources.slice(2)),
    )
    .option('--token-command <command>', 'this prints it; run once, and again when the token is refused')
    .addOption(
      new Option('--cloud <name>', 'the cloud of Graph that the token is for').choices(Object.keys(cloudRoots)),
    )
    .option(
      '--timeout <duration>',
      'stop watching after 90s, 10m, 2h (default: 15m, or as the protocol says)',
      duration,
    )
    .option('--interval <duration>', 'poll every 500ms, 5s (default: from 1s growing to 30s, by chance)', duration)
    .option(
      '--not-found-grace <duration>',
      'for how long 404 means "not visible yet" (default: 30s; 0s: not at all)',
      grace,
    )
    .option('--json', 'print each event as one line of JSON, and the end')
    .option('--quiet', 'no progress');
}

function duration(text: string): number {
  const milliseconds = readDuration(text);
  if (milliseconds !== undefined) return milliseconds;
  throw new InvalidArgumentError('Expected a number and its unit: 500ms, 5s, 10m or 2h.');
}

function grace(text: string): number {
  return text === '0s' ? 0 : duration(text);
}

function readPort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError('Expected a whole number from 0 to 65535.');
}

function readProtocol(name: string): Protocol {
  const protocol = protocolNamed(name);
  if (protocol !== undefined) return protocol;
  const meant = ['graph', 'azure', 'google'].map((family) => `${family}.${name}`).find((full) => protocolNamed(full));
  throw new InvalidArgumentError(
    meant === undefined ? '"operation-poller protocols" lists them.' : `Did you mean ${meant}?`,
  );
}

/** What commander complains of. The value of an option that there is not may be a token: it is not shown. */
function misuse({message}: CommanderError, [name = '']: readonly string[], program: Command): Complaint {
  const [what = '', ...rest] = message
    .replace(/^error: /, '')
    .replace(/'(--?[\w-]+)=[\s\S]*?'$/m, "'$1'")
    .split('\n');
  const known = program.commands.some((command) => command.name() === name);
  const help = `operation-poller ${known ? `${name} ` : ''}--help tells what there is.`;
  const isToken = what.endsWith("'--token'");
  const why = isToken
    ? ['A token on the command line can be seen by others: give --token-env, --token-file or --token-command.']
    : rest;
  return new Complaint(what, [...why, help].join(' '));
}

async function packageVersion(): Promise<string> {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  const {version}: {version: string} = JSON.parse(text);
  return version;
}
