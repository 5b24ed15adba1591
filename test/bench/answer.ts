// What the service of the benchmarks says, in its own process and in place of it.
const fields = {
  id: '2d497bb-57bd-47a6-8749-5ccd0869f2bd',
  createdDateTime: '2020-05-14T00:23:40Z',
  lastActionDateTime: '2020-05-14T00:23:41Z',
  statusDetail: null,
  resourceLocation: null,
};
const running = {...fields, status: 'running'};
const succeeded = {...fields, status: 'succeeded'};

/** An answer, as it is and as JSON. */
export interface Answer {
  readonly body: object;
  readonly text: string;
}

const answers = [running, succeeded].map((body) => ({body, text: JSON.stringify(body)}));

/**
 * Answers polls by their URL: an operation has succeeded at the poll whose number it ends in, `polls=0` never does, and at
 * the time it ends in, `until=…`.
 */
export class BenchService {
  readonly #asked = new Map<string, number>();
  polls = 0;

  answer(url: string): Answer {
    this.polls += 1;
    const end = url.lastIndexOf('=');
    const last = Number(url.slice(end + 1));
    if (url.endsWith('until', end)) return answers[Date.now() >= last ? 1 : 0] as Answer;
    const asked = last > 1 ? (this.#asked.get(url) ?? 0) + 1 : last;
    const over = last > 0 && asked >= last;
    if (over) this.#asked.delete(url);
    else if (last > 1) this.#asked.set(url, asked);
    return answers[over ? 1 : 0] as Answer;
  }

  /** The body that answers a `$batch`. */
  answerBatch(text: string): string {
    const {requests} = JSON.parse(text) as {requests: ReadonlyArray<{id: string; url: string}>};
    const headers = {'content-type': 'application/json'};
    return JSON.stringify({
      responses: requests.map(({id, url}) => ({id, status: 200, headers, body: this.answer(url).body})),
    });
  }
}

/** Where an operation is asked for that succeeds at the given poll; 0: never. */
export function benchLocation(root: string, id: number | string, polls: number): string {
  return `${operation(root, id)}&polls=${polls}`;
}

/** Where an operation is asked for that succeeds at the given time, in milliseconds since 1970. */
export function benchLocationUntil(root: string, id: number | string, time: number): string {
  return `${operation(root, id)}&until=${time}`;
}

function operation(root: string, id: number | string): string {
  return `${root}/v1.0/users/u/authentication/operations/${id}?aadgdc=BY01P`;
}
