import {type Check, checkForm} from '../shared/check-options.ts';
import {isOperationStatus} from './operation.ts';

/** One of the statuses of an operation. */
export const checkStatus: Check = checkForm('notStarted, running, succeeded, failed or canceled', isOperationStatus);
