// The members of `protocols`, as a module of their own so that a bundler can drop those that a program does not use.
export {longRunning} from './long-running.ts';
export {azure, google, graph} from './presets.ts';
export {defineProtocol as define} from './protocol.ts';
export {statusOnResource} from './status-on-resource.ts';
