import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {Agent, get} from 'node:http';
import {createServer} from 'node:net';
import {describe, expect, test} from '@jest/globals';
import {startGraphEmulator} from '../../src/testing/index.ts';
import {freePort} from '../support/free-port.ts';
import {bearer, failureOf, poll, startEmulator} from './emulators.ts';

describe('the emulator', () => {
  test('listens on loopback, at the requested port', async () => {
    const port = await freePort();
    const probe = createServer().listen(port, '127.0.0.1');
    await once(probe, 'listening');
    await expect(startGraphEmulator({port})).rejects.toMatchObject({code: 'EADDRINUSE'});
    probe.close();
    await once(probe, 'close');
    const emulator = await startEmulator({port});
    expect(emulator.root).toBe(`http://127.0.0.1:${port}`);
  });

  test('serves hundreds of clients at once', async () => {
    const emulator = await startEmulator({record: false, script: ['succeeded']});
    const locations = Array.from({length: 200}, () => emulator.addOperation().location);
    const answers = await Promise.all(locations.map((location) => poll(location)));
    expect(answers.every(({response}) => response.status === 200)).toBe(true);
    expect(emulator.connections).toBeGreaterThan(0);
  });

  test('keeps connections open for the next request', async () => {
    const emulator = await startEmulator();
    const {location} = emulator.addOperation();
    const agent = new Agent({keepAlive: true, maxSockets: 1});
    for (let index = 0; index < 10; index += 1) {
      const [response] = await once(get(location, {agent, headers: bearer}), 'response');
      await once(response.resume(), 'end');
    }
    expect([emulator.connections, emulator.requests.length]).toEqual([1, 10]);
    agent.destroy();
  });
});

describe('stop', () => {
  test('closes everything at once, hung and delayed answers included, and can be called again', async () => {
    // One that no other server gets when it is free again.
    const emulator = await startEmulator({port: await freePort()});
    const steps = [{fault: 'hang'}, {fault: 'hangBody'}, {fault: 'endless'}, {delay: 60_000}] as const;
    const answers: Array<Promise<unknown>> = [];
    for (const step of steps) {
      const arriving = emulator.nextRequest();
      const {location} = emulator.addOperation({script: [step]});
      answers.push(failureOf(fetch(location, {headers: bearer}).then((response) => response.text())));
      await arriving;
    }
    expect(emulator.connections).toBe(4);
    await Promise.all([emulator.stop(), emulator.stop()]);
    await emulator[Symbol.asyncDispose]();
    expect(emulator.connections).toBe(0);
    expect(await Promise.all(answers)).not.toContain('no failure');
    expect(emulator.requests.map(({aborted}) => aborted)).toEqual([false, false, false, false]);
    await emulator.idle();
    expect(await failureOf(fetch(emulator.root))).toBe('ECONNREFUSED');
  });

  test('leaves nothing that keeps a process alive', async () => {
    const entry = new URL('../../src/testing/index.ts', import.meta.url);
    const resources = `
      const before = process.getActiveResourcesInfo().length;
      const emulator = await startGraphEmulator();
      const {location} = emulator.addOperation({script: [{fault: 'hang'}]});
      const arriving = emulator.nextRequest();
      const hung = fetch(location, {headers: {authorization: 'Bearer x'}}).catch(() => 'closed');
      await arriving;
      await emulator.stop();
      console.log(await hung);`;
    // Node 20 does not run TypeScript, so the sources are compiled as they are loaded.
    const child = spawn(
      process.execPath,
      [
        '--import',
        loader(),
        '--input-type=module',
        '-e',
        `
      import {startGraphEmulator} from ${JSON.stringify(entry.href)};${resources}`,
      ],
      {stdio: ['ignore', 'pipe', 'pipe']},
    );
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        output += String(chunk);
      });
    const [code] = await once(child, 'close');
    expect([code, output.trim()]).toEqual([0, 'closed']);
  });
});

/** A module, as a data URL, that makes a child process load our TypeScript with swc. */
function loader(): string {
  const swc = import.meta.resolve('@swc/core');
  const hooks = `
    import {readFile} from 'node:fs/promises';
    import swc from ${JSON.stringify(swc)};
    export async function load(url, context, next) {
      if (!url.endsWith('.ts')) return next(url, context);
      const source = await readFile(new URL(url), 'utf8');
      const {code} = await swc.transform(source, {jsc: {parser: {syntax: 'typescript'}, target: 'es2022'}});
      return {format: 'module', shortCircuit: true, source: code};
    }`;
  const register = `
    import {register} from 'node:module';
    register('data:text/javascript,' + ${JSON.stringify(encodeURIComponent(hooks))});`;
  return `data:text/javascript,${encodeURIComponent(register)}`;
}
