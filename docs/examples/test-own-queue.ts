// The queue of own-queue.ts as the kit drives it.
import {createRecord} from 'operation-poller/runner';
import {kitTurnOptions, type RunnerInstanceOptions, type TestedRunner} from 'operation-poller/testing';
import {add, type Table, wake, work} from './own-queue.ts';

export function openOwnQueue(): TestedRunner {
  const table: Table = new Map();
  const closing = new AbortController();
  const start = async (instance: RunnerInstanceOptions) => {
    const killing = new AbortController();
    const signal = AbortSignal.any([killing.signal, closing.signal]);
    const {lease, clockAhead} = instance;
    const clock = (): number => Date.now() + clockAhead;
    const loop = (): Promise<void> =>
      work(table, {...kitTurnOptions(instance), signal}, {lease, clock, onError: () => {}});
    for (let loops = 0; loops < 5; loops += 1) loop().catch(console.error);
    return {kill: () => killing.abort()};
  };
  return {
    start,
    add: async (location, options) => add(table, createRecord(location, options)),
    wake: async (key) => wake(table, key, Date.now()),
    stored: async () => JSON.stringify([...table]),
    close: async () => closing.abort(),
  };
}
