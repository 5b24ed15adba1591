import {isOperationStatus} from '../operation/operation.ts';
import {type Check, isA} from '../shared/check-options.ts';

/** A check of a status. */
export const checkStatus: Check = isA('notStarted, running, succeeded, failed or canceled', isOperationStatus);
