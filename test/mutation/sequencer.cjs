// Runs the test files in the order in which `mutate.ts` names them; jest itself begins with the longest.
module.exports = class Sequencer {
  sort(tests) {
    const order = (process.env.MUTATION_TESTS ?? '').split('\n');
    return [...tests].sort((one, other) => order.indexOf(one.path) - order.indexOf(other.path));
  }

  cacheResults() {}
};
