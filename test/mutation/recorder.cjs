// Tells `mutate.ts`, which runs jest as a child process, what each test file did, at once: it ends a run that takes too long.
const {writeFileSync} = require('node:fs');

module.exports = class Recorder {
  #coverage = {};

  onTestFileStart({path}) {
    process.send({type: 'started', test: path});
  }

  onTestFileResult({path}, {coverage, failureMessage, perfStats, testResults}) {
    this.#coverage[path] = coverage;
    const failed =
      testResults.find(({status}) => status === 'failed')?.fullName ?? failureMessage?.trim().split('\n')[0];
    process.send({type: 'finished', test: path, duration: perfStats.runtime, failed});
  }

  onRunComplete() {
    const {MUTATION_COVERAGE: file} = process.env;
    if (file !== undefined) writeFileSync(file, JSON.stringify(this.#coverage));
  }
};
