import type {Answer} from './answer.ts';
import type {ScriptedOperation} from './emulated-operation.ts';
import type {GraphRequest} from './graph-request.ts';

/** How an operation came by what it will answer from now on. */
export type ScriptChange = 'moved' | 'rescripted' | 'interrupted' | 'canceled';

/** Something that happened to an operation. */
export type OperationChange =
  | {readonly type: 'added'; readonly operation: ScriptedOperation; readonly at: number}
  | {readonly type: ScriptChange; readonly operation: ScriptedOperation; readonly at: number}
  | {
      readonly type: 'answered';
      readonly operation: ScriptedOperation;
      readonly at: number;
      readonly request: GraphRequest;
      readonly answer: Answer;
    };

/** Hears what happens to the operations of an emulator, at the moment it happens. */
export type OperationListener = (change: OperationChange) => void;
