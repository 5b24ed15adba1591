import {createHttpPoller, type OperationResponse} from '@azure/core-lro';
import {createPipeline, limit} from './pipeline.ts';
import type {Runner} from './scenario.ts';

/** Azure's poller, with the rest of what a client of Azure's SDKs brings: a 5xx is sent again, any other error is thrown. */
export const runCoreLro: Runner = async (root, scenario) => {
  const {method, path, headers, body, finalStateVia, resultIn} = scenario;
  const pipeline = createPipeline(scenario);

  async function send(url: string, init: RequestInit): Promise<OperationResponse> {
    let response = await pipeline(url, init);
    for (let retries = 0; response.status >= 500 && retries < 3; retries++) response = await pipeline(url, init);
    const text = await response.text();
    if (!response.ok) throw new Error(`${response.status}: ${text}`);
    const parsed: unknown = text === '' ? undefined : JSON.parse(text);
    const raw = {statusCode: response.status, headers: Object.fromEntries(response.headers), body: parsed};
    return {flatResponse: parsed, rawResponse: {...raw, request: {method, url: root + path}}};
  }

  const start: RequestInit = {method, headers: {...headers, 'content-type': 'application/json'}};
  if (body !== undefined) start.body = JSON.stringify(body);
  const poller = createHttpPoller(
    {
      sendInitialRequest: () => send(root + path, start),
      sendPollRequest: (location) => send(new URL(location, root).href, headers === undefined ? {} : {headers}),
    },
    {intervalInMs: 1, ...(finalStateVia !== undefined && {resourceLocationConfig: finalStateVia})},
  );
  const signal = AbortSignal.timeout(limit);
  try {
    const result: unknown = await poller.pollUntilDone({abortSignal: signal});
    if (resultIn === undefined || typeof result !== 'object' || result === null) return {status: 'succeeded', result};
    return {status: 'succeeded', result: Object.fromEntries(Object.entries(result))[resultIn]};
  } catch (error) {
    const reason = String(error);
    if (signal.aborted) return {status: 'timeout', reason};
    // Before the start's answer there is no state, and reading it throws.
    const state =
      reason.includes('has failed') || reason.includes('canceled') ? poller.operationState?.status : undefined;
    return {status: state === 'failed' || state === 'canceled' ? state : 'error', reason};
  }
};
