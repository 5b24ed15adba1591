import {type Browser, chromium} from 'playwright-core';
import {installByApt, onPath} from './debian.ts';

/**
 * Finds Chromium: `CHROMIUM` (a path), else on the PATH, else by apt-get on Debian as root. Where there is none it says how to
 * install one and gives `undefined`, and the tests are skipped; with `CI=true` that is an error.
 */
export function findChromium(): string | undefined {
  const given = process.env['CHROMIUM'];
  if (given !== undefined && given !== '') return given;
  const program = ['chromium', 'chromium-browser', 'google-chrome'].map(onPath).find((path) => path !== undefined);
  const found = program ?? installByApt('chromium');
  if (found !== undefined) return found;
  const how = 'No Chromium: set CHROMIUM to its path, or install it (Debian: apt-get install chromium).';
  if (process.env['CI'] === 'true') throw new Error(how);
  process.stderr.write(`\n*** THE TESTS IN A BROWSER ARE SKIPPED. ${how}\n\n`);
  return undefined;
}

/** Starts it headless, with a profile of its own, and without anything that contacts servers other than the pages' own. */
export function launchChromium(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    // There is no sandbox for root, and no graphics in a container.
    args: [
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
