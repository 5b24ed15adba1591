// What needs an optional package says so when it is used, and nothing is loaded before.
import {fileStore, leanHttp} from 'operation-poller/node';
import {createOperationTracker} from 'operation-poller/tracker';

const messageOf = (action) => new Promise((resolve) => resolve(action())).catch(({message}) => message);
const tracker = await createOperationTracker();
await tracker.close();
console.log(JSON.stringify([await messageOf(() => leanHttp()), await messageOf(() => fileStore('operations'))]));
