import type {BearerCheck} from './bearer.ts';
import type {OperationStore} from './operation-store.ts';

/** How the answer that starts an operation names it. */
export type LocationForm = 'absolute' | 'relative' | 'none';

/** What the emulated service needs to know to answer any request. */
export interface ServiceSettings {
  readonly operations: OperationStore;
  readonly checkBearer: BearerCheck;
  /** Where it listens, without a version. */
  readonly root: string;
  readonly location: LocationForm;
  readonly retryAfter: string | undefined;
  readonly newPassword: string;
}
