// The parts of Cloudflare's runtime that worker.ts uses: its own types are global, and do not go with those of Node.
declare module 'cloudflare:workers' {
  export interface WorkflowStep {
    do<Result>(name: string, work: () => Promise<Result>): Promise<Result>;
    do<Result>(
      name: string,
      options: {readonly retries: {readonly limit: number; readonly delay: number; readonly backoff: 'constant'}},
      work: () => Promise<Result>,
    ): Promise<Result>;
    sleep(name: string, milliseconds: number): Promise<void>;
    waitForEvent(name: string, options: {readonly type: string; readonly timeout: number}): Promise<unknown>;
  }

  export class WorkflowEntrypoint<Env> {
    protected readonly env: Env;
  }
}
