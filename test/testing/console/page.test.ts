import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, test} from '@jest/globals';
import type {Browser, Page} from 'playwright-core';
import type {GraphEmulator} from '../../../src/testing/index.ts';
import {startGraphEmulator} from '../../../src/testing/index.ts';
import {findChromium, launchChromium} from '../../support/chromium.ts';
import {poll} from '../emulators.ts';

const chromium = findChromium();
const describeInBrowser: typeof describe.skip = chromium === undefined ? describe.skip : describe;

let browser: Browser;
let emulator: GraphEmulator;
let page: Page;
/** Errors and warnings in the page. */
let problems: string[];

if (chromium !== undefined) {
  beforeAll(async () => {
    browser = await launchChromium(chromium);
    page = await browser.newPage();
    page.setDefaultTimeout(50_000);
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('console', (message) => {
      if (message.type() !== 'error' && message.type() !== 'warning') return;
      // Browsers log each answer from 400 on; the tests ask for those.
      if (!message.text().startsWith('Failed to load resource')) problems.push(message.text());
    });
  }, 60_000);
  afterAll(() => browser.close());
  beforeEach(async () => {
    problems = [];
    emulator = await startGraphEmulator({console: true});
    await page.setViewportSize({width: 1280, height: 800});
    await page.emulateMedia({colorScheme: 'light', reducedMotion: 'no-preference'});
    await page.goto(emulator.console ?? '');
    await text(page, '#connection', 'Live');
  });
  afterEach(async () => {
    await page.goto('about:blank');
    await emulator.stop();
  });
}

/** Waits until an element has this text. */
async function text(of: Page, selector: string, expected: string): Promise<void> {
  await of.locator(selector).filter({hasText: expected}).first().waitFor();
}

function button(name: string): ReturnType<Page['getByRole']> {
  return page.getByRole('button', {name, exact: true});
}

/** Waits until this state of the machine is highlighted. */
function lit(state: string): Promise<void> {
  return page.locator(`.node.lit.${state}`).waitFor();
}

async function lines(log: '#log' | '#watch-log'): Promise<string[]> {
  return (await page.locator(`${log} li > span:last-child`).allTextContents()).reverse();
}

describeInBrowser('the page', () => {
  test('lists operations as they are added, and shows each', async () => {
    await text(page, '#none', 'None yet');
    const operation = emulator.addOperation({id: 'one'});
    await text(page, '#title', 'one');
    expect(await page.locator('#location').textContent()).toBe(operation.location);
    await lit('notStarted');
    emulator.addOperation({id: 'two', script: ['somethingNew']});
    await text(page, '#operations li:first-child', 'two');
    expect(await page.locator('#title').textContent()).toBe('one');
    await page.getByRole('button', {name: 'two'}).click();
    await text(page, '#title', 'two');
    await poll(emulator.operations[1]?.location ?? '');
    await text(page, '#status', 'somethingNew');
    expect(await page.locator('.node.lit').count()).toBe(0);
    expect(JSON.parse((await page.locator('#body').textContent()) ?? '')).toMatchObject({
      id: 'two',
      status: 'somethingNew',
    });
    expect(problems).toEqual([]);
  });

  test('keeps the chosen operation, which its buttons move, however many are added', async () => {
    const chosen = emulator.addOperation({id: 'chosen', script: ['running']});
    await text(page, '#title', 'chosen');
    await button('Succeed').focus();
    for (let count = 0; count < 200; count++) emulator.addOperation({id: `newer-${count}`});
    await text(page, '#count', 'The latest 100 of 201');
    await page.keyboard.press('Space');
    await lit('succeeded');
    expect(chosen.status).toBe('succeeded');
    expect(emulator.operations.filter(({status}) => status === 'succeeded')).toHaveLength(1);
    expect(await page.locator('#title').textContent()).toBe('chosen');
    // Once another one is chosen, it goes.
    await page.getByRole('button', {name: 'newer-199'}).click();
    emulator.addOperation();
    await text(page, '#count', 'The latest 100 of 202');
    expect(await page.getByRole('button', {name: 'chosen'}).count()).toBe(0);
    expect(problems).toEqual([]);
  });

  test('filters the list by id and status, but never hides what is chosen', async () => {
    for (const id of ['apple', 'pear', 'plum']) emulator.addOperation({id, script: [{}]});
    await text(page, '#title', 'apple');
    emulator.operations[1]?.move('failed');
    await page.locator('#operations .badge[data-state=failed]').waitFor();
    const listed = (): Promise<string[]> => page.locator('#operations li:visible .id').allTextContents();
    await page.getByLabel('Filter').fill('PL');
    expect([await listed(), await page.locator('#count').textContent()]).toEqual([['plum', 'apple'], '2 of 3 match']);
    await page.getByLabel('Filter').fill('failed');
    expect([await listed(), await page.locator('#count').textContent()]).toEqual([['pear', 'apple'], '1 of 3 match']);
    await page.getByLabel('Filter').fill('');
    expect(await listed()).toEqual(['plum', 'pear', 'apple']);
  });

  test('copies the location and the command', async () => {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    const {location} = emulator.addOperation();
    await lit('notStarted');
    const clipboard = (): Promise<string> => page.evaluate(() => navigator.clipboard.readText());
    await button('Copy location').click();
    await text(page, '#announcer', 'Copied the location');
    expect(await clipboard()).toBe(location);
    await button('Copy command').click();
    await text(page, '#announcer', 'Copied the command');
    expect(await clipboard()).toBe(`npx operation-poller watch '${location}' --token-env GRAPH_TOKEN`);
  });

  test('says how to begin while it is empty', async () => {
    await text(page, '#unselected', `Send your code to ${emulator.root}: what it starts appears here.`);
    await text(page, '#unselected', `npx operation-poller reset-password adele@contoso.com --root ${emulator.root}`);
    emulator.addOperation();
    await page.locator('#unselected').waitFor({state: 'hidden'});
  });

  test('shows every status with forced colors', async () => {
    await page.emulateMedia({forcedColors: 'active', reducedMotion: 'reduce'});
    emulator.addOperation({script: ['running']});
    await lit('notStarted');
    const colors = await page.evaluate(() =>
      ['#status', '.node.lit', '.node:not(.lit)'].map((selector) => {
        const [ink, paper] = [`${selector} text`, `${selector} .box`].map((part) => document.querySelector(part));
        const style = getComputedStyle(ink ?? document.querySelector(selector) ?? document.body);
        return ink === null || ink === undefined || paper === null || paper === undefined
          ? [style.color, style.backgroundColor]
          : [style.fill, getComputedStyle(paper).fill];
      }),
    );
    for (const [ink, paper] of colors) expect(ink).not.toBe(paper);
    await page.emulateMedia({forcedColors: 'none'});
  });

  test('moves an operation by its buttons', async () => {
    await button('New by hand').click();
    await lit('notStarted');
    await button('Start').click();
    await lit('running');
    expect(await page.locator('.edge.taken').count()).toBe(1);
    await button('Throttle').click();
    await text(page, '#next', 'Next poll: HTTP 429');
    await button('Lose').click();
    await text(page, '#next', 'Next poll: faulty answer (truncated)');
    await button('Forget').click();
    await text(page, '#next', 'Next poll: HTTP 404');
    await button('Fail').click();
    await lit('failed');
    expect(emulator.operations[0]?.status).toBe('failed');
    // Nothing leaves a terminal state.
    expect(await button('Cancel').getAttribute('aria-disabled')).toBe('true');
    await button('Cancel').click({force: true});
    await button('New by hand').click();
    await lit('notStarted');
    await button('Cancel').click();
    await lit('canceled');
    expect(emulator.operations.map(({status}) => status)).toEqual(['failed', 'skipped']);
    await page.getByRole('button', {name: emulator.operations[0]?.id ?? ''}).click();
    expect(await lines('#log')).toEqual([
      'added, notStarted',
      'moved to running',
      'interrupted; next poll: HTTP 429',
      'interrupted; next poll: faulty answer (truncated)',
      'moved; next poll: HTTP 404',
      'moved to failed',
    ]);
    expect(problems).toEqual([]);
  });

  test('shows polls by others, throttling and transitions as they happen', async () => {
    const operation = emulator.addOperation({script: ['running', {http: 429, retryAfter: 2}, 'succeeded']});
    await lit('notStarted');
    for (let count = 0; count < 3; count++) await poll(operation.location);
    await lit('succeeded');
    expect(await lines('#log')).toEqual([
      'added, notStarted',
      'GET → 200 running',
      'GET → 429, Retry-After 2',
      'GET → 200 succeeded',
    ]);
    const kinds = await page
      .locator('#timeline .mark')
      .evaluateAll((marks) => marks.map((mark) => mark.getAttribute('class')));
    expect(kinds).toEqual(['mark change', 'mark ok', 'mark throttled', 'mark ok']);
    expect(await page.locator('#timeline .bar.succeeded').count()).toBe(1);
  });

  test('shows any content as text', async () => {
    const hostile = '"><img src=x onerror="document.title=1"><script>document.title=2</script>';
    const operation = emulator.addOperation({
      id: hostile,
      script: [{status: hostile, text: JSON.stringify({hostile})}],
    });
    await page.getByRole('button', {name: '<img'}).click();
    await poll(operation.location);
    await text(page, '#body', '<script>');
    expect(await page.locator('#title').textContent()).toBe(hostile);
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.title()).toBe('Operations of the Graph emulator');
    expect(problems).toEqual([]);
  });

  test('says so if the emulator is gone', async () => {
    await emulator.stop();
    await text(page, '#connection', 'The emulator does not answer');
    expect(emulator.connections).toBe(0);
  });
});

describeInBrowser('the built core in a browser', () => {
  test('watches an operation in the page until it ends', async () => {
    await button('New by hand').click();
    await button('Watch').click();
    await text(page, '#watch-log', 'waiting');
    await button('Start').click();
    await page.locator('.node.seen.running').waitFor();
    await button('Succeed').click();
    await text(page, '#watch-text', 'The watch is over; it last saw succeeded.');
    const logged = await lines('#watch-log');
    expect(logged.filter((line) => !/^(polled|waiting)/.test(line))).toEqual(['notStarted', 'running', 'succeeded']);
    expect(logged.at(-2)).toMatch(/^polled \d+: succeeded$/);
    // It polled over HTTP, in the browser, with the library's own requests.
    const [operation] = emulator.operations;
    expect(operation?.requests.length).toBe(logged.filter((line) => line.startsWith('polled')).length);
    expect(operation?.requests.every(({headers}) => /Chrome/.test(headers['user-agent'] ?? ''))).toBe(true);
    expect(await page.locator('#timeline .bar.wait').count()).toBe(
      logged.filter((line) => line.startsWith('waiting')).length,
    );
    expect(problems).toEqual([]);
  });

  test('respects Retry-After and survives lost answers', async () => {
    await button('New by hand').click();
    await lit('notStarted');
    const [operation] = emulator.operations;
    operation?.interrupt([{http: 429, retryAfter: 1}, {fault: 'truncated'}]);
    await button('Watch').click();
    await text(page, '#watch-log', 'waiting 1.0 s (retryAfter)');
    await text(page, '#watch-log', 'notStarted');
    const [first, second] = operation?.requests ?? [];
    expect(Number(second?.at) - Number(first?.at)).toBeGreaterThanOrEqual(1000);
    expect((await lines('#watch-log')).filter((line) => line.startsWith('retrying')).length).toBeGreaterThanOrEqual(2);
    await button('Stop watching').click();
    await text(page, '#watch-text', 'The watch is over');
    expect((await lines('#watch-log')).at(-1)).toMatch(/^abandoned: /);
  });

  test('works without the page: it watches, stops and resumes, and its machine makes transitions', async () => {
    const {location} = emulator.addOperation({script: ['notStarted', 'running', 'running', 'succeeded']});
    // Only the import map of the page is used.
    const found = await page.evaluate(async (place) => {
      const named = 'operation-poller';
      const {pollOperation, resumeOperation, schedules, operationMachine, WatchAbortedError} = (await import(
        named
      )) as typeof import('operation-poller');
      const machines = 'xstate';
      const {initialTransition, transition} = (await import(machines)) as typeof import('xstate');
      const schedule = schedules.fixed(1);
      const first = pollOperation(place, {token: 'any', schedule});
      await first.waitFor('running');
      first.stop('enough');
      const stopped = await first.result().catch((error: unknown) => error);
      const second = resumeOperation(JSON.parse(JSON.stringify(first)), {token: 'any', schedule});
      const seen: string[] = [];
      for await (const {status} of second) seen.push(status);
      const operation = {id: '1', status: 'failed', rawStatus: 'failed', raw: {}} as const;
      const [initial] = initialTransition(operationMachine, {location: place});
      const [moved] = transition(operationMachine, initial, {type: 'report', operation, at: 1});
      return {
        aborted: stopped instanceof WatchAbortedError,
        seen,
        status: (await second.result()).status,
        moved: moved.value,
        node: 'process' in globalThis,
      };
    }, location);
    expect(found).toEqual({
      aborted: true,
      seen: ['running', 'succeeded'],
      status: 'succeeded',
      moved: 'failed',
      node: false,
    });
  });
});

describeInBrowser('the page is accessible', () => {
  test('by keyboard alone', async () => {
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Skip to the operation');
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('New by hand');
    await page.keyboard.press('Enter');
    await lit('notStarted');
    // Past "New by script", the operation in the list and the two buttons that copy.
    for (let count = 0; count < 5; count++) await page.keyboard.press('Tab');
    expect(await focused()).toBe('Start');
    await page.keyboard.press('Space');
    await lit('running');
    // The button is disabled now, but keeps the focus.
    expect(await focused()).toBe('Start');
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement ?? document.body).outlineStyle);
    expect(outline).toBe('solid');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await lit('succeeded');
    expect(emulator.operations[0]?.status).toBe('succeeded');
  });

  test('with changes announced, and a name for every element', async () => {
    await button('New by hand').click();
    await button('Start').click();
    await text(page, '#announcer', 'The operation is running');
    expect(await page.locator('#announcer').getAttribute('aria-live')).toBe('polite');
    await page.getByRole('img', {name: 'The machine of the operation. It is running.'}).waitFor();
    await page.getByRole('img', {name: /^Timeline/}).waitFor();
    await page.getByRole('group', {name: 'Move the operation'}).waitFor();
    await page.getByRole('navigation', {name: 'Operations'}).waitFor();
    expect(await page.locator('[aria-current=true]').count()).toBe(1);
    const nameless = await page
      .locator('button')
      .evaluateAll((all) => all.filter((each) => each.textContent?.trim() === ''));
    expect(nameless).toEqual([]);
  });

  test('without motion for users who prefer none', async () => {
    await page.emulateMedia({reducedMotion: 'reduce'});
    const moving = await page
      .locator('*')
      .evaluateAll(
        (all) =>
          all.filter((each) => !/^(0s|none)(, ?(0s|none))*$/.test(getComputedStyle(each).transitionDuration)).length,
      );
    expect(moving).toBe(0);
    await button('New by hand').click();
    await button('Start').click();
    await lit('running');
    expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
    await page.emulateMedia({reducedMotion: 'no-preference'});
    const duration = await button('Start').evaluate((each) => getComputedStyle(each).transitionDuration);
    expect(duration).not.toBe('0s');
  });

  test.each(['light', 'dark'] as const)(
    'with enough contrast in the %s scheme, and without horizontal scrolling when narrow',
    async (colorScheme) => {
      await page.emulateMedia({colorScheme});
      await page.setViewportSize({width: 320, height: 700});
      for (const move of ['Start', 'Succeed', 'Fail', 'Cancel'] as const) {
        await button('New by hand').click();
        await lit('notStarted');
        await button(move).click();
        await page.locator('.node.lit:not(.notStarted)').waitFor();
      }
      await poll(emulator.operations[3]?.location ?? '');
      await text(page, '#log', 'GET');
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
      expect(await page.evaluate(lowContrasts)).toEqual([]);
    },
  );
});

describeInBrowser('the policy of the page', () => {
  test('blocks inline scripts and other hosts', async () => {
    const blocked = await page.evaluate(async () => {
      const violations: string[] = [];
      document.addEventListener('securitypolicyviolation', (event) => violations.push(event.effectiveDirective));
      const seen = (count: number): Promise<void> =>
        new Promise((resolve) => {
          const look = (): void => (violations.length >= count ? resolve() : void setTimeout(look, 5));
          look();
        });
      const script = document.createElement('script');
      try {
        script.textContent = 'document.title = "broken"';
      } catch {
        violations.push('trusted-types');
      }
      const image = new Image();
      image.src = 'http://127.0.0.1:1/x.png';
      const gone = await fetch('http://127.0.0.1:1/').then(
        () => 'reached',
        () => 'refused',
      );
      let written = 'written';
      try {
        document.body.innerHTML = '<b>x</b>';
      } catch {
        written = 'refused';
      }
      await seen(4);
      return {violations: violations.sort(), gone, written, title: document.title};
    });
    expect(blocked.violations).toEqual(expect.arrayContaining(['connect-src', 'img-src', 'require-trusted-types-for']));
    expect([blocked.gone, blocked.written, blocked.title]).toEqual([
      'refused',
      'refused',
      'Operations of the Graph emulator',
    ]);
  });

  test('lets another site neither move an operation nor read one', async () => {
    const operation = emulator.addOperation();
    // Another server, without a policy.
    const hostile = await startGraphEmulator();
    await page.goto(hostile.addResource({path: '/x', version: false, script: [{text: '<p>'}], bearer: false}).location);
    const results = await page.evaluate(async (victim) => {
      const tried = (path: string, init: RequestInit): Promise<string> =>
        fetch(`${victim}${path}`, init).then(
          ({type}) => type,
          () => 'refused',
        );
      return [
        await tried('events', {}),
        await tried('operations/1/succeed', {method: 'POST'}),
        await tried('operations/1/succeed', {method: 'POST', mode: 'no-cors'}),
      ];
    }, emulator.console);
    await hostile.stop();
    expect(results).toEqual(['refused', 'refused', 'refused']);
    expect(operation.status).toBe('notStarted');
  });

  test.each(['127.0.0.1', 'localhost'])(
    'lets no page at another port of %s frame it or its stream of changes',
    async (host) => {
      const hostile = await startGraphEmulator();
      const {location} = hostile.addResource({path: '/x', version: false, script: [{text: '<p>'}], bearer: false});
      await page.goto(location.replace('127.0.0.1', host));
      const statuses: number[] = [];
      page.on('response', (response) => {
        if (response.url().startsWith(emulator.console ?? '')) statuses.push(response.status());
      });
      await page.evaluate((victim) => {
        for (const path of ['', 'events', 'events', 'events']) {
          const frame = document.createElement('iframe');
          frame.src = `${victim}${path}`;
          document.body.append(frame);
        }
        const embedded = document.createElement('embed');
        embedded.src = `${victim}events`;
        document.body.append(embedded);
      }, emulator.console);
      while (statuses.length < 5) await new Promise((resolve) => setTimeout(resolve, 10));
      page.removeAllListeners('response');
      await hostile.stop();
      expect(statuses).toEqual([403, 403, 403, 403, 403]);
    },
  );
});

function focused(): Promise<string | null> {
  return page.evaluate(() => document.activeElement?.textContent ?? null);
}

/** Runs in the page. Finds the texts with a contrast below 4.5 to 1. */
function lowContrasts(): string[] {
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', {willReadFrequently: true});
  const channels = (colors: readonly string[]): number[] => {
    // Painted over each other, as the browser does, whatever the notation of the colors.
    for (const color of colors) {
      if (canvas === null) continue;
      canvas.fillStyle = color;
      canvas.fillRect(0, 0, 1, 1);
    }
    return [...(canvas?.getImageData(0, 0, 1, 1).data ?? [])].slice(0, 3);
  };
  const luminance = (colors: readonly string[]): number => {
    const [red = 0, green = 0, blue = 0] = channels(colors).map((channel) => {
      const part = channel / 255;
      return part <= 0.040_45 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const backgrounds = (element: Element): string[] => {
    const all: string[] = [];
    for (let each: Element | null = element; each !== null; each = each.parentElement) {
      all.unshift(getComputedStyle(each).backgroundColor);
    }
    return all;
  };
  const low: string[] = [];
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim());
    const box = element.getBoundingClientRect();
    if (!own || box.width < 2 || element.closest('title') !== null) continue;
    const inPicture = element instanceof SVGTextElement;
    const style = getComputedStyle(element);
    const behind = backgrounds(element);
    if (inPicture) {
      // The background of a text in a picture is the shape before it, if there is one.
      const shape = element.previousElementSibling;
      if (shape instanceof SVGRectElement) behind.push(getComputedStyle(shape).fill);
    }
    const color = inPicture ? style.fill : style.color;
    const [one, other] = [luminance([...behind, color]), luminance(behind)];
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (ratio < 4.5) low.push(`${element.textContent} ${color} on ${behind.at(-1)}: ${ratio.toFixed(2)}`);
  }
  return low;
}
