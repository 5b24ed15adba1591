import {describe, expect, test} from '@jest/globals';
import {protocolReader} from '../../src/protocol/protocol-reader.ts';
import * as protocols from '../../src/protocol/protocols.ts';
import {findResult} from '../../src/protocol/result-location.ts';
import type {StatusOnResource} from '../../src/protocol/status-on-resource.ts';
import {operationOf, statusOf} from './parsing.ts';

describe('the status on a resource', () => {
  const databases = protocols.statusOnResource({
    name: 'databases',
    words: {provisioning: 'running', succeeded: 'succeeded', failed: 'failed'},
  });

  test('a database being provisioned, as in the documented pattern', () => {
    const body = {id: 'db1', displayName: 'Retail DB', status: 'provisioning'};
    expect(operationOf(databases, body)).toEqual({id: 'db1', status: 'running', rawStatus: 'provisioning'});
  });

  test('the result is the resource, and there is nothing to fetch', () => {
    const body = {
      id: 'db1',
      displayName: 'Retail DB',
      status: 'succeeded',
      resourceLocation: 'https://graph.example/a',
    };
    const operation = operationOf(databases, body);
    expect(operation).toMatchObject({status: 'succeeded', result: body});
    const bare = {id: 'db1', status: 'succeeded', rawStatus: 'succeeded', raw: body} as const;
    const located = {...bare, resourceLocation: 'https://graph.example/a'};
    const location = 'https://graph.example/databases/db1';
    expect(findResult(located, {location}, {reader: protocolReader(databases)})).toEqual({result: undefined});
  });

  test.each([
    ['a resource without a status', {id: 'db1'}, 'unreadable'],
    ['another word', {id: 'db1', status: 'deleting'}, 'unknownStatus'],
  ])('%s', (_, body, expected) => {
    expect(statusOf(databases, body)).toBe(expected);
  });

  test('does not succeed by a missing resource', () => {
    expect(protocolReader(databases).protocol.notFoundSucceeds).toBe(false);
  });

  test('is found at the given place, and all fields of a protocol are accepted', () => {
    const sites = protocols.statusOnResource({
      name: 'sites',
      status: '/properties/state',
      words: {Ready: 'succeeded', Broken: 'failed'},
      otherWords: 'running',
      result: '/properties/url',
      resultLocation: {suffix: '/content'},
      minimumInterval: 5000,
      cancel: {method: 'DELETE'},
    });
    expect(operationOf(sites, {properties: {state: 'Ready', url: 'u'}})).toMatchObject({
      status: 'succeeded',
      result: 'u',
    });
    expect(statusOf(sites, {properties: {state: 'Warming'}})).toBe('running');
    expect(sites).toMatchObject({
      minimumInterval: 5000,
      cancel: {method: 'DELETE'},
      resultLocation: {suffix: '/content'},
    });
    expect(Object.isFrozen(sites)).toBe(true);
  });
});

describe('the deletion of a resource', () => {
  const deletions = protocols.statusOnResource({name: 'deletions', words: {deleteFailed: 'failed'}, deletion: true});

  test('succeeds when the resource is gone', () => {
    expect(protocolReader(deletions).protocol.notFoundSucceeds).toBe(true);
  });

  test.each([
    ['the word says so', {id: 'db1', status: 'deleting'}, 'running'],
    ['the word is still the old one', {id: 'db1', status: 'succeeded'}, 'running'],
    ['there is no word', {id: 'db1'}, 'running'],
    ['the deletion failed', {id: 'db1', status: 'deleteFailed'}, 'failed'],
    ['there is neither a word nor an id', {}, 'unreadable'],
  ])('is running as long as the resource exists: %s', (_, body, expected) => {
    expect(statusOf(deletions, body)).toBe(expected);
  });

  test('other words, or none, may be given another meaning', () => {
    const strict = protocols.statusOnResource({
      name: 'strict',
      words: {},
      otherWords: 'failed',
      withoutStatus: 'notStarted',
      deletion: true,
    });
    expect([statusOf(strict, {id: 'a', status: 'odd'}), statusOf(strict, {id: 'a'})]).toEqual(['failed', 'notStarted']);
  });
});

test.each<[Record<string, unknown>, string]>([
  [{words: {ready: 'succeeded'}}, 'protocol.name: expected a string that is not empty, got undefined'],
  [{name: 'a', words: {}}, 'protocol.words: expected a word that means succeeded, got words for: none'],
  [{name: 'a', words: {ready: 'succeeded'}, deletion: 'yes'}, 'protocol.deletion: expected true or false, got "yes"'],
  [
    {name: 'a', words: {ready: 'succeeded'}, status: 'state'},
    `protocol.status: expected JSON pointers such as '/status', got "state"`,
  ],
])('%p is refused', (resource, message) => {
  expect(() => protocols.statusOnResource(resource as unknown as StatusOnResource)).toThrow(new TypeError(message));
});

test.each([null, 'databases'])('what is no object is refused: %p', (given) => {
  expect(() => protocols.statusOnResource(given as unknown as StatusOnResource)).toThrow(
    /^resource: expected an object with a name and words, got (?:null|a string)$/,
  );
});
