import {createHttpPoller, type OperationResponse} from '@azure/core-lro';
import {type Body, type Contender, headers} from './contender.ts';

/** Azure's poller over global fetch; the start is answered in process, as all contenders begin with the first poll. */
export const contender: Contender = {
  prepare: (_, interval) => (location) => {
    const request = {method: 'POST', url: location};
    const sendInitialRequest = async (): Promise<OperationResponse> => ({
      flatResponse: {},
      rawResponse: {statusCode: 202, headers: {'operation-location': location}, request, body: {}},
    });
    const sendPollRequest = async (path: string): Promise<OperationResponse> => {
      const response = await fetch(path, {headers});
      const body = (await response.json()) as Body;
      return {
        flatResponse: body,
        rawResponse: {statusCode: response.status, headers: Object.fromEntries(response.headers), request, body},
      };
    };
    const options = {intervalInMs: interval, skipFinalGet: true};
    return createHttpPoller({sendInitialRequest, sendPollRequest}, options).pollUntilDone();
  },
};
