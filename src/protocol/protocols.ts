// What `protocols` holds, as a module of its own: a bundler can leave out of it what a program does not name.
export {longRunning} from './long-running.ts';
export {azure, google, graph} from './presets.ts';
export {defineProtocol as define} from './protocol.ts';
export {statusOnResource} from './status-on-resource.ts';
