// Watches an operation's location with @azure/core-lro, which Azure's own clients use: for docs/coming-from.md.
import {createHttpPoller, type OperationResponse, type OperationState} from '@azure/core-lro';

interface Body {
  readonly status?: string;
  readonly statusDetail?: string;
}

export async function watchWithCoreLro(location: string, token: string, signal?: AbortSignal): Promise<Body> {
  const ask = async (url: string): Promise<OperationResponse<Body>> => {
    const response = await fetch(url, {headers: {authorization: `Bearer ${token}`}, signal: signal ?? null});
    // core-lro accepts anything that has a status, so the caller must check the response, and retry if need be.
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    const body = (await response.json()) as Body & Record<string, unknown>;
    const request = {method: 'GET', url};
    const headers = Object.fromEntries(response.headers);
    return {flatResponse: body, rawResponse: {statusCode: response.status, headers, body, request}};
  };
  const started = {
    statusCode: 202,
    headers: {'operation-location': location},
    request: {method: 'POST', url: location},
  };
  const poller = createHttpPoller<Body, OperationState<Body>>(
    {sendInitialRequest: async () => ({flatResponse: {}, rawResponse: started}), sendPollRequest: ask},
    {intervalInMs: 10},
  );
  poller.onProgress((state) => console.log(state.status));
  return await poller.pollUntilDone(signal && {abortSignal: signal});
}
