/** How an instance of a runner is to work. It is JSON, so that it can be passed to another process. */
export interface RunnerInstanceOptions {
  /** The access token for polls. It is a secret: no store may have it. */
  readonly token: string;
  /** Where to report ends: {@link kitTurnOptions} makes the `onEnd` that does. */
  readonly endsUrl: string;
  /** How long to wait between two polls where the service asks for no wait, in milliseconds. */
  readonly pollInterval: number;
  /** How long a request may take, in milliseconds. */
  readonly requestTimeout: number;
  /** After how long others take over what an instance had when it died, in milliseconds: the length of a lease. */
  readonly lease: number;
  /** How far this instance's clock is ahead of the others', in milliseconds. */
  readonly clockAhead: number;
}

/** A running instance: a process, a worker, a loop. */
export interface RunnerInstance {
  /**
   * Ends it as a crash does: whatever it does from now on has no effect, neither on the store nor on the service. Best a
   * SIGKILL to a process of its own; in the same process, what is under way must not write any more.
   */
  kill(): unknown;
}

/** How an operation is to be watched. */
export interface TestedOperationOptions {
  readonly key: string;
  readonly data: unknown;
  /** How long to watch in all, in milliseconds. */
  readonly totalTimeout: number | undefined;
}

/** What not every runner can do. */
export type RunnerAbility =
  /** Polls an operation earlier after a hint: {@link TestedRunner.wake}. */
  | 'wake'
  /** Fetches the result of an operation that has succeeded: the option `fetchResult`. */
  | 'fetchResult'
  /** Has several instances on one store at once. */
  | 'severalInstances'
  /** Works by a clock that the kit can set: {@link RunnerInstanceOptions.clockAhead}. */
  | 'clockAhead'
  /** Gives what it stores: {@link TestedRunner.stored}. */
  | 'stored';

/** A runner with an empty store of its own, as the kit drives it. */
export interface TestedRunner {
  /** What it cannot do, with the reason, which the report shows. The kit leaves that out. */
  readonly cannot?: {readonly [Ability in RunnerAbility]?: string | undefined} | undefined;
  /** Starts an instance on the store: beside others where it can, and another one after a kill. Resolves when it works. */
  start(options: RunnerInstanceOptions): Promise<RunnerInstance>;
  /** Adds an operation. Resolves when it is stored. */
  add(location: string, options: TestedOperationOptions): Promise<unknown>;
  /** Gives the hint that an operation may have changed. Absent if the runner takes no hints. */
  wake?(key: string): Promise<unknown>;
  /** All that the store holds, as text. Absent if the store cannot be read. */
  stored?(): Promise<string>;
  /** Ends all instances and removes the store. */
  close(): Promise<unknown>;
}
