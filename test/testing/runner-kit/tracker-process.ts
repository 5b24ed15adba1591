// A tracker in a process of its own, which the kit kills.
import {fileStore} from 'operation-poller/node';
import {kitTurnOptions, type RunnerInstanceOptions} from 'operation-poller/testing';
import {createOperationTracker} from 'operation-poller/tracker';
import {answerCalls} from './process-runner.ts';

interface Given {
  readonly folder: string;
  readonly instance: RunnerInstanceOptions;
}

const {folder, instance}: Given = JSON.parse(process.argv[2] ?? '');
answerCalls(await createOperationTracker({...kitTurnOptions(instance), store: fileStore(folder), onError: () => {}}));
