// What `schedules` holds, as a module of its own: a bundler leaves out what a program does not name.
export {learned} from './learned.ts';
export {exponential, fixed, sequence} from './schedule.ts';
