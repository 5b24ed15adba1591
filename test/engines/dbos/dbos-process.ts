// DBOS in a process of its own, which is killed. Each operation is a workflow: the recipe of docs/engine-recipes.md, and a step for onEnd.
import {type DurableHost, watchDurably} from 'operation-poller/durable';
import {createRecord, type OperationRecord} from 'operation-poller/runner';
import {kitTurnOptions, type RunnerInstanceOptions} from 'operation-poller/testing';
import {answerCalls} from '../../testing/runner-kit/process-runner.ts';

interface Given {
  /** The URL of the SDK, which is no dependency. */
  readonly sdk: string;
  readonly database: string;
  readonly instance: RunnerInstanceOptions;
}

interface Step {
  readonly name: string;
  readonly retriesAllowed?: boolean;
  readonly maxAttempts?: number;
  readonly intervalSeconds?: number;
  readonly backoffRate?: number;
}

type Watch = (record: OperationRecord) => Promise<string>;

/** The parts of the SDK that are used. */
interface Sdk {
  readonly DBOS: {
    setConfig(config: {readonly name: string; readonly systemDatabaseUrl: string; readonly logLevel: string}): void;
    launch(): Promise<void>;
    registerWorkflow(watch: Watch, config: {readonly name: string}): Watch;
    startWorkflow(
      watch: Watch,
      options: {readonly workflowID: string},
    ): (...given: Parameters<Watch>) => Promise<unknown>;
    runStep<Result>(work: () => Promise<Result>, step: Step): Promise<Result>;
    sleep(milliseconds: number): Promise<void>;
    now(): Promise<number>;
    recv(topic: string, seconds: number): Promise<unknown>;
    send(workflow: string, message: string, topic: string): Promise<void>;
  };
}

const {sdk, database, instance}: Given = JSON.parse(process.argv[2] ?? '');
const {DBOS}: Sdk = await import(sdk);
const {onEnd, ...pollOptions} = kitTurnOptions(instance);

const host: DurableHost = {
  run: (name, work) => DBOS.runStep(work, {name}),
  sleep: (_name, milliseconds) => DBOS.sleep(milliseconds),
  waitForWake: async (_name, milliseconds) => (await DBOS.recv('changed', milliseconds / 1000)) !== null,
  now: () => DBOS.now(),
};

const watch = DBOS.registerWorkflow(
  async ({id, key, data, token}) => {
    const outcome = await watchDurably(host, token, pollOptions);
    const untilItResolves = {retriesAllowed: true, maxAttempts: 100, intervalSeconds: 0.2, backoffRate: 1};
    await DBOS.runStep(() => onEnd({id, key, data, outcome}), {name: 'onEnd', ...untilItResolves});
    return outcome.status;
  },
  {name: 'watch'},
);

DBOS.setConfig({name: 'kit', systemDatabaseUrl: database, logLevel: 'error'});
// Goes on with the workflows of the process before.
await DBOS.launch();
answerCalls({
  // The time budget begins here, not when the workflow does.
  add: (location, options) => DBOS.startWorkflow(watch, {workflowID: options.key})(createRecord(location, options)),
  wake: (key) => DBOS.send(key, 'now', 'changed'),
});
