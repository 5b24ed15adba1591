// The performance suite: every figure, and what has a target beside it.
import {readFileSync, writeFileSync} from 'node:fs';
import {cpus} from 'node:os';
import {fileURLToPath} from 'node:url';
import {measureCost} from './cost.ts';
import {measureMemory} from './memory.ts';
import {measureScale} from './scale.ts';
import {benchmarkSchedules} from './schedules.ts';
import {measureStep} from './step.ts';
import {figure, targetTable} from './table.ts';

// From build/test/bench, where this is compiled to.
const page = fileURLToPath(new URL('../../../docs/performance-figures.md', import.meta.url));
const [begin, end] = ['<!-- figures -->', '<!-- end of figures -->'];

/**
 * Measures and prints everything.
 *
 * @param write whether the figures also take the place of those in docs/performance-figures.md
 */
export async function benchmarkSuite(write: boolean): Promise<void> {
  const began = performance.now();
  const say = (text: string): void => console.log(`${text}\n`);
  const cost = await measureCost();
  say(cost.text);
  const step = `The step alone, without a transport or a wait: ${figure(await measureStep(), 'µs')} of CPU per poll.`;
  say(step);
  const memory = await measureMemory();
  say(memory.text);
  const scale = await measureScale();
  say(scale.text);
  // Their figures are docs/schedules.md's; being seeded they are the same on all machines.
  await benchmarkSchedules();
  console.log();
  const targets = targetTable([...cost.targets, ...memory.targets, ...scale.targets]);
  say(targets);
  const machine = `${cpus().length} cores, Node ${process.versions.node}, ${process.platform} ${process.arch}; `;
  const took = `measured in ${((performance.now() - began) / 1000).toFixed(0)} s.`;
  say(machine + took);
  if (write) writeFigures([machine + took, targets, cost.text, step, memory.text, scale.text].join('\n\n'));
}

function writeFigures(figures: string): void {
  const text = readFileSync(page, 'utf8');
  const [before, rest] = [text.indexOf(begin), text.indexOf(end)];
  if (before === -1 || rest === -1) throw new Error(`${page} has no place for figures`);
  writeFileSync(page, `${text.slice(0, before + begin.length)}\n\n${figures}\n\n${text.slice(rest)}`);
}
