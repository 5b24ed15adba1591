// Takes docs/console-light.png and docs/console-dark.png: the emulator's console while its page watches an operation that is
// moved, throttled and once unreadable. Needs Chromium.
import {setTimeout as sleep} from 'node:timers/promises';
import {startGraphEmulator} from 'operation-poller/testing';
import {findChromium, launchChromium} from '../support/chromium.ts';

const chromium = findChromium();
if (chromium === undefined) throw new Error('The pictures of the console need Chromium.');
const emulator = await startGraphEmulator({port: 8080, console: true});
const browser = await launchChromium(chromium);
try {
  emulator
    .addOperation({id: '7b0c8a13-2f0e-4d56-9d3e-0a6f5c1e2b47'})
    .move({status: 'failed', detail: 'PolicyViolation'});
  emulator.addOperation({id: 'c2c1d4de-93b5-4f0c-8a52-1d7e9f3b6c20'}).move('succeeded');
  const operation = emulator.addOperation({id: '9f1d4a52-77c3-4b0e-8f57-5c1d2f3b6a90', script: ['notStarted']});

  const page = await browser.newPage({viewport: {width: 1120, height: 860}, reducedMotion: 'reduce'});
  await page.goto(emulator.console ?? '');
  await page.getByText('9f1d4a52').first().click();
  await page.getByRole('button', {name: 'Watch', exact: true}).click();
  await sleep(4000);
  operation.move('running');
  await sleep(4000);
  operation.interrupt([{http: 429, retryAfter: 5}]);
  await sleep(9000);
  operation.interrupt([{fault: 'truncated'}]);
  await sleep(5000);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({colorScheme});
    await page.screenshot({path: `docs/console-${colorScheme}.png`, fullPage: true});
  }
} finally {
  await browser.close();
  await emulator.stop();
}
