/**
 * Protocols of services besides Microsoft's and Google's.
 *
 * @module operation-poller/catalog
 */

// Nothing inside imports this file.
export {anthropicBatches} from './anthropic-batches.ts';
export {assemblyaiTranscripts} from './assemblyai-transcripts.ts';
export {databricksStatements} from './databricks-statements.ts';
export {falQueue} from './fal-queue.ts';
export {openaiBatches} from './openai-batches.ts';
export {replicatePredictions} from './replicate-predictions.ts';
export {runpodJobs} from './runpod-jobs.ts';
export {runwayTasks} from './runway-tasks.ts';
export {snowflakeStatements} from './snowflake-statements.ts';
export {stripeReportRuns} from './stripe-report-runs.ts';
