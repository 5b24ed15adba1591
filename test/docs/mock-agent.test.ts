import {afterEach, beforeEach, expect, test} from '@jest/globals';
import {pollOperation, schedules} from 'operation-poller';
import {leanHttp} from 'operation-poller/node';
import {MockAgent} from 'undici';

let mockAgent: MockAgent;

beforeEach(() => {
  mockAgent = new MockAgent();
  mockAgent.disableNetConnect();
});

afterEach(() => mockAgent.close());

test('an operation is watched without a server', async () => {
  const service = mockAgent.get('https://service.example');
  for (const status of ['running', 'succeeded']) {
    service.intercept({path: '/operations/1'}).reply(200, {id: '1', status});
  }

  const http = leanHttp({dispatcher: mockAgent});
  const poller = pollOperation('https://service.example/operations/1', {http, schedule: schedules.fixed(1)});

  expect((await poller.result()).status).toBe('succeeded');
  mockAgent.assertNoPendingInterceptors();
});
