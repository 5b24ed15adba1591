import {expect, test} from '@jest/globals';
import {checkRunner, formatReport} from 'operation-poller/testing';
import {fetchOrSkip} from '../support/packages.ts';
import {fetchCloudflare, openCloudflare} from './cloudflare/cloudflare-runner.ts';
import {killAtRandom} from './random-kills.ts';

const tools = await fetchOrSkip('the tests on the runtime of Cloudflare', fetchCloudflare);
const testOnCloudflare = tools === undefined ? test.skip : test;

const open = () => openCloudflare(tools ?? {packages: '', worker: ''});

testOnCloudflare(
  'Cloudflare Workflows on the local runtime keep all rules of runners',
  async () => {
    const report = await checkRunner('Cloudflare', open, {concurrency: 3});
    expect(formatReport([report])).not.toMatch(/✗|–/);
    expect([...report.cannot.keys()]).toEqual(['severalInstances', 'clockAhead']);
  },
  400_000,
);

testOnCloudflare(
  'kill -9 at random moments: nothing is lost, wrong, too early, or ends twice',
  async () => {
    expect(await killAtRandom(open)).toEqual([]);
  },
  400_000,
);
