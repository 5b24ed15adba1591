import {X509Certificate} from 'node:crypto';
import {describe, expect, test} from '@jest/globals';
import {pollOperation, schedules} from 'operation-poller';
import {leanHttp} from 'operation-poller/node';
import {Agent} from 'undici';
import {startGraphEmulator} from '../../src/testing/index.ts';
import {startEmulator} from './emulators.ts';

/** What a client reads that trusts this certificate alone. */
async function statusOf(location: string, certificate: string | undefined): Promise<string> {
  const dispatcher = new Agent({connect: {ca: certificate ?? ''}});
  const poller = pollOperation(location, {
    token: 'test-token',
    http: leanHttp({dispatcher}),
    schedule: schedules.fixed(1),
    retry: {minTimeout: 1},
  });
  try {
    return (await poller.result()).status;
  } finally {
    await dispatcher.destroy();
  }
}

describe('with tls', () => {
  test('true, the emulator speaks https with a certificate of its own for both names', async () => {
    const emulator = await startEmulator({tls: true});
    const {certificate = ''} = emulator;
    const {location} = emulator.addOperation({script: ['running', {fault: 'reset'}, 'succeeded']});
    expect(emulator.root).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    expect(await statusOf(location, certificate)).toBe('succeeded');
    expect(await statusOf(location.replace('127.0.0.1', 'localhost'), certificate)).toBe('succeeded');
    const x509 = new X509Certificate(certificate);
    expect([x509.verify(x509.publicKey), x509.checkHost('localhost'), x509.checkIP('127.0.0.1')]).toEqual([
      true,
      'localhost',
      '127.0.0.1',
    ]);
  });

  test('a key and a certificate, it uses these', async () => {
    const first = await startEmulator({tls: true});
    const {makeSelfSigned} = await import('../../src/testing/self-signed.ts');
    const pair = makeSelfSigned();
    const emulator = await startEmulator({tls: pair});
    expect(emulator.certificate).toBe(pair.cert);
    expect(emulator.certificate).not.toBe(first.certificate);
    expect(await statusOf(emulator.addOperation({script: ['succeeded']}).location, pair.cert)).toBe('succeeded');
  });

  test('a client that does not trust it gets no answer', async () => {
    const emulator = await startEmulator({tls: true});
    await expect(fetch(emulator.root)).rejects.toThrow('fetch failed');
    expect(emulator.received).toBe(0);
  });

  test('false, it speaks http and has no certificate', async () => {
    const emulator = await startEmulator({tls: false});
    expect([new URL(emulator.root).protocol, emulator.certificate]).toEqual(['http:', undefined]);
  });

  test('anything else, it does not start', async () => {
    const half: {key: string; cert: string} = JSON.parse('{"key": "k"}');
    await expect(startGraphEmulator({tls: half})).rejects.toThrow('options.tls.cert: expected a string, got undefined');
  });
});
