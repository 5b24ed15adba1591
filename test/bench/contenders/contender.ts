/** One that watches operations, made for one service and one interval. */
export interface Contender {
  /**
   * @param root the service's origin
   * @param interval milliseconds between an answer and the next poll
   * @returns watches one operation until it has succeeded
   */
  prepare(root: string, interval: number): (location: string) => Promise<unknown>;
}

/** What all contenders send. */
export const token = 'a-token';

/** The headers of those that know no tokens. */
export const headers: Readonly<Record<string, string>> = {authorization: `Bearer ${token}`};

/** What an answer says. */
export interface Body {
  readonly status: string;
}

/** Sleeps, for the bare loops. */
export function pause(delay: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delay));
}
