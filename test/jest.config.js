import {availableParallelism} from 'node:os';

/** @type {import('jest').Config} */
export default {
  rootDir: '..',
  // What programs of others take part in has scripts of its own: `npm run test:engines` and `npm run test:conformance`.
  testMatch: ['<rootDir>/test/**/*.test.ts', '!**/test/{engines,conformance}/**'],
  testEnvironment: '<rootDir>/test/setup/environment.cjs',
  extensionsToTreatAsEsm: ['.ts'],
  // The examples and the tests of the public surface import the package by its name; here that is the source, so that it
  // counts as covered. test/package.test.ts uses the built and packed package.
  moduleNameMapper: {
    '^operation-poller$': '<rootDir>/src/index.ts',
    '^operation-poller/client$': '<rootDir>/src/client/index.ts',
    '^operation-poller/graph$': '<rootDir>/src/graph/index.ts',
    '^operation-poller/runner$': '<rootDir>/src/runner/index.ts',
    '^operation-poller/tracker$': '<rootDir>/src/tracker/index.ts',
    '^operation-poller/bullmq$': '<rootDir>/src/bullmq/index.ts',
    '^operation-poller/node$': '<rootDir>/src/node/index.ts',
    '^operation-poller/durable$': '<rootDir>/src/durable/index.ts',
    '^operation-poller/opentelemetry$': '<rootDir>/src/opentelemetry/index.ts',
    '^operation-poller/testing$': '<rootDir>/src/testing/index.ts',
    '^undici$': '<rootDir>/test/setup/undici.cjs',
  },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/build/'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        swcrc: false,
        sourceMaps: 'inline',
        jsc: {target: 'es2022', parser: {syntax: 'typescript'}},
      },
    ],
  },
  // Counters in the code, not V8's: those count comments and types as covered lines, and know no branch of a function that
  // never ran.
  coverageProvider: 'babel',
  // The files that touch the elements of the console's page run in a browser, out of reach of these counters: test/testing/console/page.test.ts
  // tests them there. What they show is computed by the files next to them.
  collectCoverageFrom: ['src/**/*.ts', '!src/testing/console/browser/{page,view,draw}.ts'],
  coverageDirectory: 'coverage',
  coverageReporters: ['text', 'lcovonly'],
  coverageThreshold: {global: {lines: 95, branches: 95}},
  // No test takes longer than 5 s on two idle cores; on busy ones that is no failure.
  testTimeout: 60_000,
  // Much of the time is waiting, for servers and timers, which one worker more than there are cores makes use of.
  maxWorkers: availableParallelism() + 1,
};
