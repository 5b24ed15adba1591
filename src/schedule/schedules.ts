// The members of `schedules`, as a module of their own so that a bundler can drop those that a program does not use.
export {adaptive} from './adaptive.ts';
export {exponential, fixed, sequence} from './schedule.ts';
