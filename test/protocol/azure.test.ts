import {describe, expect, test} from '@jest/globals';
import {protocolReader} from '../../src/protocol/protocol-reader.ts';
import * as protocols from '../../src/protocol/protocols.ts';
import {startLocation, startProtocol} from '../../src/protocol/start.ts';
import {operationOf, statusOf} from './parsing.ts';

const {statusMonitor, location} = protocols.azure;
const root = 'https://management.azure.com';

describe('a status monitor of Azure', () => {
  test.each([
    ['Succeeded', 'succeeded'],
    ['Failed', 'failed'],
    ['Canceled', 'canceled'],
    ['Cancelled', 'canceled'],
    ['NotStarted', 'notStarted'],
    ['Accepted', 'notStarted'],
    ['InProgress', 'running'],
    ['Running', 'running'],
    ['Updating', 'running'],
    ['Canceling', 'running'],
    ['NotSucceeded', 'running'],
    ['Completed', 'succeeded'],
    ['succeeded', 'succeeded'],
  ])('%s is %s, wherever it is found', (word, expected) => {
    const bodies = [{status: word}, {properties: {provisioningState: word}}, {provisioningState: word}];
    expect(bodies.map((body) => statusOf(statusMonitor, body))).toEqual([expected, expected, expected]);
  });

  test('its status takes precedence over the state of a resource', () => {
    const body = {status: 'Running', properties: {provisioningState: 'Succeeded'}, provisioningState: 'Failed'};
    expect(statusOf(statusMonitor, body)).toBe('running');
  });

  test("is parsed as in Azure's documentation", () => {
    const starting = {startTime: '2017-01-06T18:58:24.7596323+00:00', status: 'InProgress', name: '9a062a88'};
    expect(operationOf(statusMonitor, starting)).toEqual({
      id: undefined,
      status: 'running',
      rawStatus: 'InProgress',
      createdDateTime: new Date('2017-01-06T18:58:24.759Z'),
    });
    const failed = {
      id: '/subscriptions/s/operations/o',
      status: 'Failed',
      startTime: '2017-01-06T20:56:36.002812+00:00',
      endTime: '2017-01-06T20:56:56.002812+00:00',
      percentComplete: 50.5,
      error: {code: 'BadArgument', message: 'The name is taken.'},
    };
    expect(operationOf(statusMonitor, failed)).toEqual({
      id: '/subscriptions/s/operations/o',
      status: 'failed',
      rawStatus: 'Failed',
      createdDateTime: new Date('2017-01-06T20:56:36.002Z'),
      lastActionDateTime: new Date('2017-01-06T20:56:56.002Z'),
      percentComplete: 50.5,
      error: {code: 'BadArgument', message: 'The name is taken.'},
    });
  });

  test('a canceled one has its error, one of the data services its result', () => {
    expect(operationOf(statusMonitor, {status: 'Canceled', error: {code: 'OperationPreempted'}})).toMatchObject({
      error: {code: 'OperationPreempted'},
    });
    expect(operationOf(statusMonitor, {status: 'Succeeded', result: {pages: 3}})).toMatchObject({result: {pages: 3}});
  });

  test.each([
    ['nothing under 202', null, 202, 'running'],
    ['an object without a status under 202', {id: 'a'}, 202, 'running'],
    ['an object without a status under 200', {id: 'a'}, 200, 'unreadable'],
    ['nothing under 200', null, 200, 'unreadable'],
    ['nothing under 204', null, 204, 'unreadable'],
    ['an error under 202', {error: {code: 'x'}}, 202, 'unreadable'],
    ['a status that is not a string', {status: {state: 'Succeeded'}}, 200, 'unreadable'],
  ])('%s', (_, body, httpStatus, expected) => {
    expect(statusOf(statusMonitor, body, httpStatus)).toBe(expected);
  });
});

describe("a Location of Azure's", () => {
  const resource = {id: '100', name: 'foo'};
  test.each([
    ['202 without a body', null, 202, 'running'],
    ['200 with the resource', resource, 200, 'succeeded'],
    ['201 with the resource', resource, 201, 'succeeded'],
    ['200 with a resource that has a status of its own', {...resource, status: 'Active'}, 200, 'succeeded'],
    ['200 with a list', [resource], 200, 'succeeded'],
    ['200 without a body', null, 200, 'succeeded'],
    ['204', null, 204, 'succeeded'],
    ['200 with a provisioningState', {properties: {provisioningState: 'Succeeded'}}, 200, 'succeeded'],
    ['200 with a resource that is being created', {properties: {provisioningState: 'Creating'}}, 200, 'running'],
    ['200 with a resource that failed', {properties: {provisioningState: 'Failed'}}, 200, 'failed'],
    ['200 with a provisioningState at the top', {provisioningState: 'Updating'}, 200, 'running'],
    ['200 with a failure at the top', {provisioningState: 'Failed'}, 200, 'failed'],
    ['200 with a status monitor', {status: 'InProgress'}, 200, 'running'],
    ['200 with one that failed', {status: 'Failed', error: {code: 'x'}}, 200, 'failed'],
    ['200 with one that was canceled', {status: 'canceled'}, 200, 'canceled'],
    ['202 with one that succeeded', {status: 'Succeeded'}, 202, 'succeeded'],
    ['202 with a resource', {...resource, status: 'Online'}, 202, 'running'],
    ['200 with a status that is no string', {...resource, status: {state: 'Failed'}}, 200, 'succeeded'],
    ['a state of provisioning before a status', {provisioningState: 'Updating', status: 'Failed'}, 200, 'running'],
    ['200 with HTML', undefined, 200, 'unreadable'],
    ['200 with an error', {error: {code: 'x'}}, 200, 'unreadable'],
    ['404', null, 404, 'unreadable'],
  ])('%s', (_, body, httpStatus, expected) => {
    expect(statusOf(location, body, httpStatus)).toBe(expected);
  });

  test('responds with the result itself', () => {
    expect(operationOf(location, resource, 200)).toEqual({
      id: '100',
      status: 'succeeded',
      rawStatus: '200',
      result: resource,
    });
    expect(operationOf(location, null, 204)).toEqual({id: undefined, status: 'succeeded', rawStatus: '204'});
  });
});

describe("the start of an operation of Azure's", () => {
  const monitor = `${root}/subscriptions/s/operations/o?api-version=1`;
  const result = `${root}/subscriptions/s/results/o?api-version=1`;
  test.each([
    [
      'Operation-Location first',
      {'Operation-Location': monitor, 'Azure-AsyncOperation': `${monitor}2`, Location: result},
      monitor,
    ],
    ['then Azure-AsyncOperation', {'Azure-AsyncOperation': monitor, Location: result}, monitor],
    ['then Location', {Location: result}, result],
    ['none', {}, undefined],
  ])('%s', (name, fields, expected) => {
    const headers = new Headers(fields as Record<string, string>);
    const answer = {url: `${root}/subscriptions/s/things/t`, status: 202, headers, json: null};
    const reader = protocolReader(statusMonitor);
    expect(startLocation(answer, reader, root, root)).toBe(expected);
    expect(startProtocol(answer, reader)).toBe(name === 'then Location' ? location : statusMonitor);
  });

  test('the Location of a later response is that of the result, and moves nothing', () => {
    expect(protocolReader(statusMonitor).moveHeaders).toEqual(['operation-location', 'azure-asyncoperation']);
    expect(protocolReader(location).moveHeaders).toEqual(['location']);
  });
});
