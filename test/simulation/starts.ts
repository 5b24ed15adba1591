import type {Delivery} from './faults.ts';

/** What becomes of a request that starts an operation. */
export interface Start {
  /** How often it is planned, in relation to the others. */
  readonly weight: number;
  /** Default 202. */
  readonly http?: number;
  readonly delivery?: Delivery;
  readonly headDelay?: number;
  /** Where the response leads. Default to the operation. */
  readonly leads?: 'nowhere' | 'abroad' | 'to the password';
}

/** The password of a reset: the user has chosen it, or the service makes it. */
export type PasswordPlan = 'chosen' | 'made';

/** All of it. To add one, add a line. */
export const starts = {
  accepted: {weight: 8},
  'accepted late': {weight: 2, headDelay: 4000},
  /** Its token, the first time. */
  refused: {weight: 3, http: 401},
  unconfirmed: {weight: 1, leads: 'nowhere'},
  abroad: {weight: 1, leads: 'abroad'},
  /** Of a reset, to a location with the new password in it. */
  'quoting location': {weight: 1, leads: 'to the password'},
  reset: {weight: 1, delivery: 'reset'},
  dns: {weight: 1, delivery: 'dns'},
  hang: {weight: 1, delivery: 'hang'},
  hangBody: {weight: 1, delivery: 'hangBody'},
  huge: {weight: 0.5, delivery: 'huge'},
  'http 400': {weight: 1, http: 400},
  'http 429': {weight: 1, http: 429},
  'http 500': {weight: 1, http: 500},
  'http 503': {weight: 1, http: 503},
} as const satisfies Record<string, Start>;

export type StartName = keyof typeof starts;
