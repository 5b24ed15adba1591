import {defineEntry} from '../protocol/define-entry.ts';
import type {Protocol} from '../protocol/protocol.ts';

/**
 * [AssemblyAI's transcripts](https://www.assemblyai.com/docs/api-reference/transcripts/submit), started by a POST to `/v2/transcript`. The
 * result is the transcript; its error is a string. Checked against the package assemblyai 4.41.5 on 2026-11-27, not tried live.
 */
export const assemblyaiTranscripts: Protocol = defineEntry({
  name: 'assemblyai.transcripts',
  status: '/status',
  words: {queued: 'notStarted', processing: 'running', completed: 'succeeded', error: 'failed'},
  authorization: {header: 'Authorization'},
  start: 'resource',
  locationHeaders: [],
  result: '',
  resultLocation: [],
});
