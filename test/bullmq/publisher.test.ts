import {expect, test} from '@jest/globals';
import {Publisher} from '../../src/bullmq/publisher.ts';
import {recordAt} from '../runner/turns.ts';

test('a publisher that is closed opens no connection, which nobody would close', async () => {
  const errors: Error[] = [];
  // Nothing listens there: a connection would report that, and wait for ever.
  const options = {connection: {host: '127.0.0.1', port: 1}};
  const publisher = new Publisher({name: 'closed', options, onError: (error) => void errors.push(error)});
  await publisher.close();
  await publisher.publish({record: recordAt(), events: []});
  expect(errors).toEqual([]);
});
