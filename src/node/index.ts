/**
 * What needs Node: a lean transport, and a store of files.
 *
 * @module operation-poller/node
 */

// Nothing inside imports this file.
export {fileStore} from './file-store.ts';
export {type LeanHttpOptions, leanHttp} from './lean-http.ts';
