// The performance suite: every figure that has a target beside it, on two cores in at most five minutes.
import {readFileSync, writeFileSync} from 'node:fs';
import {cpus} from 'node:os';
import {fileURLToPath} from 'node:url';
import {measureCost} from './cost.ts';
import {measureInstall} from './install.ts';
import {measureLoad} from './load.ts';
import {measureMemory} from './memory.ts';
import {measureOnce} from './once.ts';
import {measureStep} from './step.ts';
import {type Report, targetTable} from './table.ts';

const parts = [measureInstall, measureLoad, measureOnce, measureStep, measureCost, measureMemory];

// From build/test/bench, where this is compiled to.
const page = fileURLToPath(new URL('../../../docs/performance-figures.md', import.meta.url));
const [begin, end] = ['<!-- figures -->', '<!-- end of figures -->'];

/**
 * Measures and prints everything.
 *
 * @param write whether the figures also take the place of those in docs/performance-figures.md
 */
export async function measureSuite(write: boolean): Promise<Report> {
  const began = performance.now();
  const reports: Report[] = [];
  for (const measure of parts) reports.push(await measure());
  const targets = reports.flatMap((report) => report.targets);
  const machine = `${cpus().length} cores, Node ${process.versions.node}, ${process.platform} ${process.arch}`;
  const took = `measured in ${((performance.now() - began) / 1000).toFixed(0)} s`;
  const text = reports.map((report) => report.text).join('\n\n');
  if (write) writeFigures([`${machine}; ${took}.`, targetTable(targets), text].join('\n\n'));
  return {text: `${text}\n\n${machine}; ${took}.`, targets};
}

function writeFigures(figures: string): void {
  const text = readFileSync(page, 'utf8');
  const [before, rest] = [text.indexOf(begin), text.indexOf(end)];
  if (before === -1 || rest === -1) throw new Error(`${page} has no place for figures`);
  writeFileSync(page, `${text.slice(0, before + begin.length)}\n\n${figures}\n\n${text.slice(rest)}`);
}
