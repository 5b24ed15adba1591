interface Example {
  readonly command: string;
  readonly comment?: string;
}

/** The examples that `--help` shows after the options, by command. */
const examples: Readonly<Record<'all' | 'watch' | 'resetPassword' | 'emulate' | 'protocols', readonly Example[]>> = {
  all: [
    {command: 'operation-poller emulate', comment: 'something to try it on'},
    {
      command: 'operation-poller watch "$LOCATION" --token-env GRAPH_TOKEN',
      comment: 'watches, then prints the outcome',
    },
    {command: 'operation-poller watch --help', comment: 'each command has its own examples'},
  ],
  watch: [
    {command: 'operation-poller watch "$LOCATION" --token-env GRAPH_TOKEN'},
    {
      command:
        'operation-poller watch "$LOCATION" --token-command \'az account get-access-token --resource-type ms-graph --query accessToken -o tsv\'',
    },
    {
      command: 'operation-poller watch "$LOCATION" --token-file token.txt --timeout 2h --resume copy.resume',
      comment: 'stop with Ctrl-C …',
    },
    {command: 'operation-poller watch --token-file token.txt --resume copy.resume', comment: '… and resume'},
    {command: 'operation-poller watch "$MONITOR" --protocol graph.driveCopy', comment: 'needs no token'},
    {
      command: 'operation-poller watch /operations/1 --root https://api.example.com/v2 --token-env API_TOKEN',
      comment: 'any service',
    },
    {command: 'operation-poller watch "$LOCATION" --token-env GRAPH_TOKEN --fetch-result > result.json'},
    {command: 'operation-poller watch "$LOCATION" --token-env GRAPH_TOKEN --json | jq -r .type'},
  ],
  resetPassword: [
    {
      command: 'operation-poller reset-password adele@contoso.com --token-env GRAPH_TOKEN',
      comment: 'prompts for the password',
    },
    {
      command:
        'password=$(operation-poller reset-password adele@contoso.com --token-env GRAPH_TOKEN --generate --show)',
    },
    {
      command:
        'pwgen -s 20 1 | operation-poller reset-password adele@contoso.com --token-env GRAPH_TOKEN --password-stdin',
    },
  ],
  emulate: [
    {command: 'operation-poller emulate --open', comment: 'with its console in a browser'},
    {command: 'operation-poller emulate --port 4000 --token my-token --script script.json'},
    {command: 'operation-poller emulate --tls', comment: 'https, with its own certificate'},
  ],
  protocols: [
    {command: 'operation-poller protocols'},
    {command: 'operation-poller protocols graph.driveCopy', comment: 'one of them in full'},
    {command: "operation-poller protocols --json | jq -r '.[].name'"},
  ],
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
const footers: Partial<Record<keyof typeof examples, (width: number) => readonly string[]>> = {
  all: (width) => ['', 'Exit codes:', ...fill(exitCodes, width - 2, '  ').map((line) => `  ${line}`)],
  watch: (width) => ['', ...fill(secrecy.split(' '), width, ' ')],
};

/** What `--help` shows after the options, at most `width` columns wide where the words allow it. */
export function exampleText(name: keyof typeof examples, width: number): string {
  const lines = examples[name].flatMap(({command, comment}) => [
    ...(comment === undefined ? [] : [`  # ${comment}`]),
    ...breakCommand(command, width),
  ]);
  return ['', 'Examples:', ...lines, ...(footers[name]?.(width) ?? []), ''].join('\n');
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
