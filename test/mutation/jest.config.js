import base from '../jest.config.js';

// The folders of the tests that notice mutants. Others need Redis, Chromium, a terminal or the built package, or try the same
// again by another transport or another runner.
const folders = [
  'behaviours',
  'client',
  'graph',
  'http',
  'integration',
  'machine',
  'operation',
  'options',
  'polling',
  'protocol',
  'runner',
  'schedule',
  'shared',
];

const {coverageThreshold, ...config} = base;

/** @type {import('jest').Config} */
export default {
  ...config,
  rootDir: '../..',
  testMatch: [...folders.map((folder) => `<rootDir>/test/${folder}/**/*.test.ts`), '<rootDir>/test/poller*.test.ts'],
  cacheDirectory: '<rootDir>/build/jest',
  // A mutant that hangs ends soon.
  testTimeout: 20_000,
  coverageReporters: [],
  reporters: ['<rootDir>/test/mutation/recorder.cjs'],
  testSequencer: '<rootDir>/test/mutation/sequencer.cjs',
};
