// Drops the one warning that jest's ES module support prints in each process ("VM Modules is an experimental feature")
// and lets every other warning through. Node 20 has no --disable-warning.
const {emitWarning} = process;
process.emitWarning = function (warning, ...rest) {
  if (!String(warning).startsWith('VM Modules')) {
    emitWarning.call(this, warning, ...rest);
  }
};
