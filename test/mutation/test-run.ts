import {spawn} from 'node:child_process';
import {join} from 'node:path';

/** What a test file did. */
export interface TestFileResult {
  /** Its path. */
  readonly test: string;
  /** In milliseconds. */
  readonly duration: number;
  /** The first of its tests that failed. */
  readonly failed?: string | undefined;
}

export interface TestRun {
  /** The test files that ran to their end, in order. */
  readonly finished: readonly TestFileResult[];
  /** The test file that took longer than it may. */
  readonly overdue: string | undefined;
}

interface TestRunOptions {
  /** The test files to run, in this order, until one fails. Default: all of them, to the end. */
  readonly tests?: readonly string[];
  /** How long a test file may take, in milliseconds. */
  readonly limitOf: (test: string) => number;
  /** Where the coverage of each test file is written. */
  readonly coverage?: string;
  /** The folders of which coverage is taken. */
  readonly covered?: readonly string[];
}

type Message = {readonly type: 'started'; readonly test: string} | (TestFileResult & {readonly type: 'finished'});

const startLimit = 60_000;

/** Runs jest in a copy of the repository, as one process. */
export function runTests(root: string, {tests, limitOf, coverage, covered = []}: TestRunOptions): Promise<TestRun> {
  const flags = ['--config', 'test/mutation/jest.config.js', '--runInBand', '--forceExit'];
  if (coverage !== undefined) {
    flags.push('--coverage', ...covered.map((folder) => `--collectCoverageFrom=${folder}/**/*.ts`));
  }
  if (tests !== undefined) flags.push('--bail', '--runTestsByPath', ...tests);
  const child = spawn(
    process.execPath,
    [
      '--experimental-vm-modules',
      '--require',
      './test/setup/quiet.cjs',
      join('node_modules', 'jest', 'bin', 'jest.js'),
      ...flags,
    ],
    {
      cwd: root,
      // A group of its own, so that the processes which tests start end with it.
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: {
        ...process.env,
        MUTATION_TESTS: (tests ?? []).join('\n'),
        ...(coverage === undefined ? {} : {MUTATION_COVERAGE: coverage}),
      },
    },
  );
  const kill = (): void => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      process.kill(-child.pid, 'SIGKILL');
    }
  };
  process.once('exit', kill);
  return new Promise((resolve, reject) => {
    const finished: TestFileResult[] = [];
    let current: string | undefined;
    let overdue: string | undefined;
    let errors = '';
    let timer: NodeJS.Timeout;
    const limit = (duration: number): void => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        overdue = current ?? tests?.[0] ?? 'jest';
        kill();
      }, duration);
    };
    limit(startLimit);
    child.stderr?.on('data', (data: Buffer) => {
      errors += data.toString();
    });
    child.on('message', (message: Message) => {
      if (message.type === 'started') {
        current = message.test;
        limit(limitOf(message.test));
      } else {
        const {test, duration, failed} = message;
        finished.push({test, duration, failed});
        limit(startLimit);
      }
    });
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      process.off('exit', kill);
      const failed = finished.some((file) => file.failed !== undefined);
      if (code === 0 || failed || overdue !== undefined) resolve({finished, overdue});
      else if (current !== undefined && tests !== undefined) {
        // The mutant has ended the process.
        resolve({finished: [...finished, {test: current, duration: 0, failed: `jest ended with ${code}`}], overdue});
      } else reject(new Error(`jest ended with ${code}\n${errors.slice(0, 2000)}`));
    });
  });
}
