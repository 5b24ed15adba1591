/** What `--help` shows after the options, by command. */
export const examples = {
  all: `
Examples:
  $ operation-poller emulate                                    # something to try it on
  $ operation-poller watch "$LOCATION" --token-env GRAPH_TOKEN  # watches, then prints the outcome
  $ operation-poller watch --help                               # each command has its own examples

Exit codes:
  0 succeeded  1 failed  2 usage  3 canceled  4 timeout  5 unauthorized or forbidden
  6 not found  7 unreachable, or unreadable responses  130 interrupted
`,
  watch: `
Examples:
  $ operation-poller watch "$LOCATION" --token-env GRAPH_TOKEN
  $ operation-poller watch "$LOCATION" --token-command 'az account get-access-token --resource-type ms-graph --query accessToken -o tsv'
  $ operation-poller watch "$LOCATION" --token-file token.txt --timeout 2h --resume copy.resume   # stop with Ctrl-C …
  $ operation-poller watch --token-file token.txt --resume copy.resume                            # … and resume
  $ operation-poller watch "$MONITOR" --protocol graph.driveCopy                                  # needs no token
  $ operation-poller watch /operations/1 --root https://api.example.com/v2 --token-env API_TOKEN  # any service
  $ operation-poller watch "$PREDICTION" --protocol replicate.predictions --token-env REPLICATE_TOKEN
  $ operation-poller watch /jobs/1 --root https://api.example.com --protocol-file jobs.json --header-env X-Api-Key=API_KEY
  $ operation-poller watch "$LOCATION" --token-env GRAPH_TOKEN --fetch-result > result.json
  $ operation-poller watch "$LOCATION" --token-env GRAPH_TOKEN --json | jq -r .type

A token is never passed on the command line, where other users could see it.
`,
  resetPassword: `
Examples:
  $ operation-poller reset-password adele@contoso.com --token-env GRAPH_TOKEN              # prompts for the password
  $ password=$(operation-poller reset-password adele@contoso.com --token-env GRAPH_TOKEN --generate --show)
  $ pwgen -s 20 1 | operation-poller reset-password adele@contoso.com --token-env GRAPH_TOKEN --password-stdin
`,
  emulate: `
Examples:
  $ operation-poller emulate
  $ operation-poller emulate --port 4000
`,
  protocols: `
Examples:
  $ operation-poller protocols
  $ operation-poller protocols --json | jq -r '.[].name'
`,
} as const;
