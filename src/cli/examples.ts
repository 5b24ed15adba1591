/** The examples that `--help` shows after the options, by command. A line that begins with `#` is about the command after it. */
const examples: Readonly<Record<string, string>> = {
  'operation-poller': `
# something to try it on
operation-poller emulate
# watches, then prints the outcome
operation-poller watch "$LOCATION" --token-env GRAPH_TOKEN
# each command has its own examples
operation-poller watch --help`,
  watch: `
operation-poller watch "$LOCATION" --token-env GRAPH_TOKEN
operation-poller watch "$LOCATION" --token-command 'az account get-access-token --resource-type ms-graph --query accessToken -o tsv'
# stop with Ctrl-C …
operation-poller watch "$LOCATION" --token-file token.txt --timeout 2h --resume copy.resume
# … and resume
operation-poller watch --token-file token.txt --resume copy.resume
# needs no token
operation-poller watch "$MONITOR" --protocol graph.driveCopy
# any service
operation-poller watch /operations/1 --root https://api.example.com/v2 --token-env API_TOKEN
operation-poller watch "$LOCATION" --token-env GRAPH_TOKEN --fetch-result > result.json
operation-poller watch "$LOCATION" --token-env GRAPH_TOKEN --json | jq -r .type`,
  'reset-password': `
# prompts for the password
operation-poller reset-password adele@contoso.com --token-env GRAPH_TOKEN
password=$(operation-poller reset-password adele@contoso.com --token-env GRAPH_TOKEN --generate --show)
pwgen -s 20 1 | operation-poller reset-password adele@contoso.com --token-env GRAPH_TOKEN --password-stdin`,
  emulate: `
# with its console in a browser
operation-poller emulate --open
operation-poller emulate --port 4000 --token my-token --script script.json
# https, with its own certificate
operation-poller emulate --tls`,
  protocols: `
operation-poller protocols
# one of them in full
operation-poller protocols graph.driveCopy
operation-poller protocols --json | jq -r '.[].name'`,
};

const exitCodes = [
  '0 succeeded',
  '1 failed',
  '2 usage',
  '3 canceled',
  '4 timeout',
  '5 unauthorized or forbidden',
  '6 not found',
  '7 unreachable, or unreadable responses',
  '130 interrupted',
];

const secrecy = 'A token is never passed on the command line, where other users could see it.';

/** What follows the examples. */
const footers: Readonly<Record<string, (width: number) => readonly string[]>> = {
  'operation-poller': (width) => ['', 'Exit codes:', ...fill(exitCodes, width - 2, '  ').map((line) => `  ${line}`)],
  watch: (width) => ['', ...fill(secrecy.split(' '), width, ' ')],
};

/** What `--help` of a command shows after the options, at most `width` columns wide where the words allow it. */
export function exampleText(command: string, width: number): string {
  const lines = (examples[command] ?? '').trim().split('\n');
  const shown = lines.flatMap((line) => (line.startsWith('#') ? [`  ${line}`] : breakCommand(line, width)));
  return ['', 'Examples:', ...shown, ...(footers[command]?.(width) ?? []), ''].join('\n');
}

/** A command over as many lines as it needs, broken before options, pipes and redirections as a POSIX shell takes it. */
function breakCommand(command: string, width: number): readonly string[] {
  // A space with an odd number of quotes after it is inside of them.
  const parts = command.split(/ (?=(?:--|\||>)(?:[^']*'[^']*')*[^']*$)/);
  const lines = fill(parts, width - '    '.length - ' \\'.length, ' ');
  return lines.map(
    (line, index) => `${index === 0 ? '  $ ' : '    '}${line}${index === lines.length - 1 ? '' : ' \\'}`,
  );
}

/** Puts as many parts into each line as fit. */
function fill(parts: readonly string[], width: number, gap: string): readonly string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + gap.length + part.length <= width)
      lines[lines.length - 1] = line + gap + part;
    else lines.push(part);
  }
  return lines;
}
