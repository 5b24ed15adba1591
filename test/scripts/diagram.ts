// Writes the picture of the machine, from the machine itself, into the documents that show it; with --check it only says
// whether they are current.
import {readFileSync, writeFileSync} from 'node:fs';
import {operationMachine} from 'operation-poller';

interface Transition {
  readonly target?: string;
}

interface StateConfig {
  readonly type?: string;
  readonly on?: Readonly<Record<string, Transition | readonly Transition[]>>;
}

interface MachineConfig {
  readonly initial: string;
  readonly states: Readonly<Record<string, StateConfig>>;
}

/** The machine as a Mermaid state diagram: an arrow for each transition that changes the state. */
function diagram({initial, states}: MachineConfig): string {
  const lines = [`[*] --> ${initial}`];
  for (const [name, state] of Object.entries(states)) {
    if (state.type === 'final') {
      lines.push(`${name} --> [*]`);
      continue;
    }
    for (const [event, transitions] of Object.entries(state.on ?? {})) {
      for (const {target} of [transitions].flat()) {
        if (target === undefined || target === name) continue;
        lines.push(`${name} --> ${target}: ${event === 'report' ? `report ${target}` : event}`);
      }
    }
  }
  return ['```mermaid', 'stateDiagram-v2', ...lines.map((line) => `  ${line}`), '```'].join('\n');
}

const pattern = /<!-- machine -->[\s\S]*?<!-- \/machine -->/;
const picture = `<!-- machine -->\n${diagram(operationMachine.config as MachineConfig)}\n<!-- /machine -->`;
const check = process.argv.includes('--check');

for (const file of ['README.md', 'docs/architecture.md']) {
  const before = readFileSync(file, 'utf8');
  if (!pattern.test(before)) throw new Error(`${file} has no place for the picture: <!-- machine --><!-- /machine -->`);
  const after = before.replace(pattern, () => picture);
  if (after === before) continue;
  if (check) {
    console.error(`${file} shows an old picture of the machine: run npm run diagram`);
    process.exitCode = 1;
  } else {
    writeFileSync(file, after);
    console.log(`${file}: the picture is current now`);
  }
}
