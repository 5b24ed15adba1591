// The members of `protocols`, as a module of their own so that a bundler can drop those that a program does not use.

export {defineProtocol as define} from './define-protocol.ts';
export {longRunning} from './long-running.ts';
export {azure, google, graph} from './presets.ts';
export {statusOnResource} from './status-on-resource.ts';
