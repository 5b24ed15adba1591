// The public surface of `operation-poller/node`. Nothing inside imports this file.

export {fileStore} from './file-store.ts';
export {type LeanHttpOptions, leanHttp} from './lean-http.ts';
