// The environment of each test file, in which nothing may be left behind: what keeps the process alive after the last test is a timer, a
// socket or a process that somebody forgot, the library or the test. A worker of jest that has any of them does not end by itself.
const {TestEnvironment} = require('jest-environment-node');

/** What keeps the process alive, with how many there are of each kind. */
function activeResources() {
  const counts = new Map();
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

// They are opened when something first asks for them, count as active and keep no process alive.
for (const stream of ['stdin', 'stdout', 'stderr']) Reflect.get(process, stream);

module.exports = class extends TestEnvironment {
  /** How long what is ending may take, in milliseconds: a process that was killed, a socket that is being closed. */
  patience = 10_000;
  #before = activeResources();

  async teardown() {
    try {
      await this.#nothingLeft();
    } finally {
      await super.teardown();
    }
  }

  async #nothingLeft() {
    // Not by a clock: while this process does not run, nothing of it ends either.
    for (let waited = 0; ; waited += 20, await new Promise((resolve) => setTimeout(resolve, 20))) {
      const left = [...activeResources()].filter(([kind, count]) => count > (this.#before.get(kind) ?? 0));
      if (left.length === 0) return;
      if (waited < this.patience) continue;
      const kinds = left.map(([kind, count]) => `${count - (this.#before.get(kind) ?? 0)} ${kind}`).join(', ');
      throw new Error(`Left behind after the last test: ${kinds}. --detectOpenHandles shows where they come from`);
    }
  }
};
