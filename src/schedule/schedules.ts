// What `schedules` holds, as a module of its own: a bundler can leave out of it what a program does not name.
export {adaptive} from './adaptive.ts';
export {exponential, fixed, sequence} from './schedule.ts';
