import {setImmediate as nextTurn} from 'node:timers/promises';
import {jest} from '@jest/globals';
import ky, {type KyInstance} from 'ky';
import {type ResponseHead, setTransport, transportOf} from '../../src/http/transport.ts';

/**
 * Plays by fake timers. Time passes, ten milliseconds each turn, only while no request is under way, so no limit is reached because a busy
 * machine takes long. A test calls `jest.useRealTimers()` afterwards.
 *
 * @param http what sends the requests
 * @param play gets what sends them in its place
 * @param isEndless whether the body never ends that comes after a head: then time passes once that is there
 */
export async function playByFakeTimers<Value>(
  http: KyInstance,
  play: (http: KyInstance) => Promise<Value>,
  isEndless: (head: ResponseHead) => boolean = () => false,
): Promise<Value> {
  jest.useFakeTimers();
  const underWay = new Set<object>();
  const counted = ky.create();
  setTransport(counted, async (location, request) => {
    underWay.add(request);
    const onHead = (head?: ResponseHead): void => {
      if (head !== undefined && isEndless(head)) underWay.delete(request);
      request.onHead(head);
    };
    return await transportOf(http)(location, {...request, onHead}).finally(() => underWay.delete(request));
  });
  let isOver = false;
  const played = play(counted).finally(() => {
    isOver = true;
  });
  // What it rejects with is thrown below.
  played.catch(() => undefined);
  while (!isOver) {
    await nextTurn();
    if (underWay.size === 0) await jest.advanceTimersByTimeAsync(10);
  }
  return await played;
}

/** As {@link playByFakeTimers}, where the global `fetch` sends the requests. A test calls `jest.restoreAllMocks()` afterwards, too. */
export async function playFetchByFakeTimers<Value>(play: () => Promise<Value>): Promise<Value> {
  jest.useFakeTimers();
  const {fetch} = globalThis;
  let underWay = 0;
  jest.spyOn(globalThis, 'fetch').mockImplementation((...given) => {
    underWay += 1;
    return fetch(...given).finally(() => {
      underWay -= 1;
    });
  });
  let isOver = false;
  const played = play().finally(() => {
    isOver = true;
  });
  // What it rejects with is thrown below.
  played.catch(() => undefined);
  while (!isOver) {
    for (let turn = 0; turn < 20; turn += 1) await nextTurn();
    if (underWay === 0) await jest.advanceTimersByTimeAsync(10);
  }
  return await played;
}
