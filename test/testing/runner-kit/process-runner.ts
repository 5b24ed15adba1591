import type {ChildProcess} from 'node:child_process';
import {inspect} from 'node:util';
import type {RunnerInstanceOptions, TestedOperationOptions, TestedRunner} from 'operation-poller/testing';
import {killChild, ready} from './fork-program.ts';

/** What an instance does on its parent's behalf. */
export interface InstanceVerbs {
  add(location: string, options: TestedOperationOptions): Promise<unknown>;
  wake(key: string): Promise<unknown>;
}

/** What a parent sends. */
type InstanceCall =
  | {readonly number: number; readonly wake: string}
  | {readonly number: number; readonly add: string; readonly options: TestedOperationOptions};

/** What it gets back. */
interface InstanceReply {
  readonly number: number;
  /** Why the instance could not do it. */
  readonly failure?: string | undefined;
}

/** The parts of a {@link processRunner}. */
interface ProcessRunnerParts extends Pick<TestedRunner, 'cannot' | 'stored'> {
  /** Starts the process, whose program calls {@link answerCalls}. */
  fork(instance: RunnerInstanceOptions): ChildProcess;
  /** Removes the store once the process has ended. */
  remove(): Promise<unknown>;
}

/** A runner of one instance at a time: a process that leads a group, and that is asked for each verb. */
export function processRunner({fork, remove, ...parts}: ProcessRunnerParts): TestedRunner {
  let child: ChildProcess | undefined;
  let calls = 0;
  const end = async (): Promise<void> => {
    const ending = child;
    child = undefined;
    if (ending !== undefined) await killChild(ending);
  };
  const call = (make: (number: number) => InstanceCall): Promise<void> =>
    new Promise((resolve, reject) => {
      const callee = child;
      if (callee === undefined) return reject(new Error('There is no instance to call'));
      calls += 1;
      const number = calls;
      const settle = (settleIt: () => void) => (): void => {
        callee.off('message', onMessage).off('exit', onExit);
        settleIt();
      };
      const fail = (why: string): void => reject(new Error(why));
      const onExit = (code: number | null, signal: string | null): void =>
        settle(() => fail(`The instance has ended with ${code ?? signal}`))();
      const onMessage = (reply: InstanceReply): void => {
        if (reply.number !== number) return;
        const {failure} = reply;
        settle(() => (failure === undefined ? resolve() : fail(`The instance threw ${failure}`)))();
      };
      callee.on('message', onMessage).on('exit', onExit);
      callee.send(make(number));
    });
  return {
    ...parts,
    start: async (instance) => {
      child = fork(instance);
      await ready(child);
      return {kill: end};
    },
    add: (location, options) => call((number) => ({number, add: location, options})),
    wake: (key) => call((number) => ({number, wake: key})),
    close: async () => {
      await end();
      await remove();
    },
  };
}

/** For the program of an instance that is ready: does what its parent asks for, and ends with it. */
export function answerCalls(instance: InstanceVerbs): void {
  process.on('message', async (call: InstanceCall) => {
    const done = 'wake' in call ? instance.wake(call.wake) : instance.add(call.add, call.options);
    const failure = await done.then(
      () => undefined,
      (error: unknown) => inspect(error),
    );
    process.send?.({number: call.number, failure} satisfies InstanceReply);
  });
  process.on('disconnect', () => process.exit());
  process.send?.('ready');
}
