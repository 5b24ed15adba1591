import type {Delivery, WaitName} from './faults.ts';

/** How operations of a protocol are canceled: as its preset says, by `DELETE`, at a suffix, or where the operation's body says. */
export const cancelForms = ['preset', 'DELETE', 'DELETE', 'suffix', 'suffix', 'link', 'link abroad'] as const;
export type CancelForm = (typeof cancelForms)[number];

/** What becomes of a request to cancel an operation. */
export interface Cancel {
  /** How often it is planned, in relation to the others. */
  readonly weight: number;
  /** Default 202. */
  readonly http?: number;
  readonly delivery?: Delivery;
  readonly headDelay?: number;
  /** After how many milliseconds the operation is canceled, unless it has ended by then; `undefined`: never. */
  readonly obeysAfter?: number;
  /** Where it redirects. */
  readonly leads?: 'home' | 'abroad';
}

/** All of it. To add one, add a line. */
export const cancels = {
  'at once': {weight: 6, obeysAfter: 0},
  late: {weight: 4, obeysAfter: 2500},
  'answered late': {weight: 2, obeysAfter: 0, headDelay: 4000},
  'answered too late': {weight: 1, obeysAfter: 0, headDelay: 15_000},
  ignored: {weight: 2},
  /** Its token, the first time. */
  refused: {weight: 2, http: 401},
  'http 400': {weight: 1, http: 400},
  'http 404': {weight: 2, http: 404},
  'http 405': {weight: 1, http: 405},
  'http 409': {weight: 3, http: 409},
  'http 410': {weight: 1, http: 410},
  'http 403': {weight: 1, http: 403},
  'http 429': {weight: 2, http: 429},
  /** Though it was processed. */
  'http 500': {weight: 1, http: 500, obeysAfter: 0},
  'http 503': {weight: 1, http: 503},
  redirect: {weight: 1, http: 307, leads: 'home'},
  'redirect abroad': {weight: 1, http: 307, leads: 'abroad'},
  reset: {weight: 1, delivery: 'reset', obeysAfter: 0},
  dns: {weight: 1, delivery: 'dns'},
  hang: {weight: 1, delivery: 'hang', obeysAfter: 0},
  hangBody: {weight: 1, delivery: 'hangBody', obeysAfter: 0},
  huge: {weight: 0.5, delivery: 'huge', obeysAfter: 0},
} as const satisfies Record<string, Cancel>;

export type CancelName = keyof typeof cancels;

/** What becomes of one such request, and what its answer asks for. */
export interface CancelPlan {
  readonly is: CancelName;
  readonly wait: WaitName | undefined;
}
