import type {BatchScript} from './batch-script.ts';
import type {BearerCheck} from './bearer.ts';
import type {EndpointRegistry} from './endpoint-registry.ts';
import type {LocationForm} from './location-header.ts';
import type {OperationStore} from './operation-store.ts';
import type {Throttle} from './throttle.ts';

/** What the emulated service needs to know to answer any request. */
export interface ServiceSettings {
  readonly endpoints: EndpointRegistry;
  readonly operations: OperationStore;
  readonly batch: BatchScript;
  readonly throttle: Throttle;
  readonly checkBearer: BearerCheck;
  /** Where it listens, without a version. */
  readonly root: string;
  readonly location: LocationForm;
  readonly retryAfter: string | undefined;
  readonly newPassword: string;
}
