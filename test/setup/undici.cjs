// undici as Node loads it, outside of jest's context: its timers are real where a test fakes the clock and are none of the
// library's, as those of Node's own fetch. test/jest.config.js puts it in undici's place.
const {runInThisContext} = require('node:vm');

// Node's own fetch takes the global dispatcher of whichever undici was loaded first: let that be Node's.
runInThisContext('Response');
module.exports = runInThisContext("process.getBuiltinModule('node:module')").createRequire(__filename)('undici');
