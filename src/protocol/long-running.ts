import {definePreset} from './define-preset.ts';
import {pollHeaders} from './microsoft-graph/poll-headers.ts';
import type {Protocol, ProtocolFields} from './protocol.ts';

/** The words of a `longRunningOperation` and its siblings. */
export const longRunningWords = {
  notStarted: 'notStarted',
  running: 'running',
  succeeded: 'succeeded',
  failed: 'failed',
  skipped: 'canceled',
} as const;

const fields: ProtocolFields = {
  name: 'longRunning',
  status: '/status',
  words: longRunningWords,
  locationHeaders: ['location', 'operation-location'],
  pollHeaders,
};

/**
 * Microsoft Graph's [`longRunningOperation`](https://learn.microsoft.com/graph/api/resources/longrunningoperation), the
 * password reset's among them. A failure is explained only in `statusDetail`. Its page has `notStarted`, `running`, `succeeded` and
 * `failed`; `skipped`, which means canceled, stands on those of its siblings
 * [`engagementAsyncOperation`](https://learn.microsoft.com/graph/api/resources/engagementasyncoperation) and
 * `telephoneNumberLongRunningOperation`.
 */
export const longRunning: Protocol = definePreset(fields);

/** The fields of a protocol that differs from {@link longRunning} in these. Bundlers drop the call where its value is not used. */
/* @__NO_SIDE_EFFECTS__ */ export function likeLongRunning(
  own: Partial<ProtocolFields> & Pick<ProtocolFields, 'name'>,
): ProtocolFields {
  return {...fields, ...own};
}
