import type {Status, WordedAnswer} from './wordings.ts';

/** What an answer says to whoever can read it: a status of the operation, or why it says none. */
export type Says = Status | 'unknown word' | 'redirect' | 'unauthorized' | 'trouble';

/** How an answer gets to the client, if it does. */
export type Delivery = 'whole' | 'reset' | 'dns' | 'hang' | 'hangBody' | 'huge' | 'endless';

/** The service's answer to one request. */
export interface ServiceAnswer {
  readonly http: number;
  readonly headers: Record<string, string>;
  readonly text: string;
  readonly delivery: Delivery;
  /** Milliseconds from the request to the head of the answer, and from there to the end of its body. */
  readonly headDelay: number;
  readonly bodyDelay: number;
  readonly says: Says;
  /** The wait that it asks for, in milliseconds. */
  readonly retryAfter: number | undefined;
  /** What was done to it, for statistics and timelines. */
  readonly faults: readonly string[];
  /** The word that no protocol knows. */
  readonly word?: string | undefined;
  /** Where an answer to a start leads. */
  readonly place?: string | undefined;
}

/** What a fault may use. */
export interface FaultContext {
  readonly id: string;
  readonly honest: WordedAnswer;
  readonly means: Says;
  /** The operation's status as a replica tells it that has not heard the latest. */
  readonly stale: () => Draft;
  /** The token that came with the request. */
  readonly token: string;
  /** That token, or what else the client has to keep secret: URLs of the service may contain the latter. */
  readonly secret: string;
  /** What a URL is to quote, and the password that the watch knows, if any: headers that quote that count as absent. */
  readonly secretInUrls: string;
  readonly password: string | undefined;
  readonly url: string;
  readonly isEven: boolean;
  /** How long a body may be, in bytes. */
  readonly maxResponseSize: number | undefined;
}

/** What a fault makes of an answer. */
export interface Draft {
  readonly http: number;
  readonly body?: unknown;
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly says: Says;
  readonly delivery?: Delivery;
  readonly headDelay?: number;
  readonly bodyDelay?: number;
  readonly word?: string;
  readonly place?: string | undefined;
}

/** A kind of fault. */
export interface Fault {
  /** How often it is planned, in relation to the others. */
  readonly weight: number;
  /** Whether a watch may end by it, alone. */
  readonly isHard?: boolean;
  /** Whether only Graph's wording makes it what it is: elsewhere such a body may be a result. */
  readonly isGraphOnly?: boolean;
  /** Whether a part of a batch can have it. */
  readonly isOfConnection?: boolean;
  readonly answer: (context: FaultContext) => Draft;
}

const http = (status: number, text = ''): Fault => ({
  weight: 3,
  answer: () => ({http: status, text, says: status === 401 ? 'unauthorized' : 'trouble'}),
});

const graphError = (code: string): string => JSON.stringify({error: {code, message: 'Because', innerError: {code}}});

const connection = (delivery: Delivery, weight = 3, isHard = false): Fault => ({
  weight,
  isHard,
  isOfConnection: true,
  answer: (context) => ({...honest(context), delivery, says: 'trouble'}),
});

/** An answer with this instead of the body, HTTP 200. */
const odd = (text: string): Fault => ({
  weight: 1,
  isGraphOnly: true,
  answer: () => ({http: 200, text, says: 'trouble'}),
});

/** The service sends the token back. */
const echo = (answer: (context: FaultContext) => Draft): Fault => ({weight: 1, isGraphOnly: true, answer});

/** An answer as it would be without a fault. */
export function honest({honest: {http: status, body, headers = {}}, means}: FaultContext): Draft {
  return {http: status, body, headers, says: means};
}

/** Everything that can happen to one answer. To add a fault, add a line. */
export const faults = {
  reset: connection('reset'),
  dns: connection('dns'),
  hang: connection('hang'),
  hangBody: connection('hangBody'),
  huge: connection('huge', 0.2, true),
  endless: connection('endless', 0.2, true),
  long: {
    weight: 0.5,
    isOfConnection: true,
    answer: (context) => {
      const {body} = context.honest;
      if (body === null || body === undefined) return honest(context);
      const text = JSON.stringify(body) + ' '.repeat(6000);
      return {...honest(context), text, ...(context.maxResponseSize === undefined ? {} : {says: 'trouble'})};
    },
  },
  slow: {
    weight: 4,
    isOfConnection: true,
    answer: (context) => ({...honest(context), headDelay: context.isEven ? 1500 : 4000}),
  },
  slowBody: {
    weight: 3,
    isOfConnection: true,
    answer: (context) => ({...honest(context), bodyDelay: context.isEven ? 900 : 3500}),
  },
  truncated: {
    weight: 2,
    isGraphOnly: true,
    answer: (context) => ({http: 200, text: JSON.stringify(context.honest.body).slice(0, -5), says: 'trouble'}),
  },
  'http 408': http(408),
  'http 429': {...http(429, graphError('TooManyRequests')), weight: 6},
  'http 500': http(500),
  'http 502': http(502, '<html><body>Bad gateway</body></html>'),
  'http 503': {...http(503, graphError('serviceNotAvailable')), weight: 6},
  'http 504': http(504),
  'http 509': {...http(509), weight: 1},
  'http 404': {...http(404, graphError('notFound')), weight: 5},
  'http 401': {...http(401, graphError('InvalidAuthenticationToken')), weight: 5},
  'http 403': {...http(403, graphError('accessDenied')), weight: 0.3, isHard: true},
  'http 410': {...http(410), weight: 0.2, isHard: true},
  'body empty': odd(''),
  'body {}': odd('{}'),
  'body []': odd('[]'),
  'body null': odd('null'),
  'body string': odd('"running"'),
  'body html': odd('<html>Please sign in</html>'),
  'body status null': odd('{"id":"a","status":null}'),
  'body status 5': odd('{"id":"a","status":5}'),
  'body error': odd('{"error":{"code":"x","message":"y"}}'),
  'word unknown': {
    weight: 2,
    isGraphOnly: true,
    answer: ({id, isEven}) => {
      const word = isEven ? 'unknownFutureValue' : 'NotSucceeded';
      return {http: 200, body: {id, status: word}, says: 'unknown word', word};
    },
  },
  'stale replica': {weight: 6, answer: ({stale}) => stale()},
  redirect: {
    weight: 2,
    isOfConnection: true,
    answer: ({url}) => ({http: 307, text: '', headers: {location: withPath(url, 'redirected')}, says: 'redirect'}),
  },
  'redirect abroad': {
    weight: 2,
    isOfConnection: true,
    answer: ({id}) => ({
      http: 302,
      text: '',
      headers: {location: `https://elsewhere.example/x/${id}`},
      says: 'redirect',
    }),
  },
  'redirect loop': {
    weight: 0.5,
    isOfConnection: true,
    answer: ({url}) => ({http: 302, text: '', headers: {location: withPath(url, 'loop')}, says: 'redirect'}),
  },
  move: {
    weight: 2,
    isGraphOnly: true,
    answer: (context) => ({...honest(context), headers: {location: withPath(context.url, 'moved')}}),
  },
  'move abroad': {
    weight: 1,
    isGraphOnly: true,
    answer: (context) => ({...honest(context), headers: {location: `https://elsewhere.example/x/${context.id}`}}),
  },
  'echo in a text': echo(({id, secret}) => ({
    http: 200,
    text: escaped({id, status: 'running', statusDetail: secret}, secret),
    says: 'running',
  })),
  'echo as a key': echo(({id, secret}) => ({
    http: 200,
    text: escaped({id, status: 'running', [secret]: 1}, secret),
    says: 'running',
  })),
  'echo as a word': echo(({id, secret}) => ({
    http: 200,
    text: escaped({id, status: secret}, secret),
    says: 'unknown word',
    word: secret,
  })),
  'echo in a request-id': echo((context) => ({...honest(context), headers: {'request-id': context.secret}})),
  'echo in a redirect': {
    ...echo(({url, secretInUrls, password}) => ({
      http: 307,
      text: '',
      headers: {location: `${withPath(url, 'redirected')}&t=${encodeURIComponent(secretInUrls)}`},
      says: secretInUrls === password ? 'trouble' : 'redirect',
    })),
    isOfConnection: true,
  },
  'echo in a move': echo((context) => ({
    ...honest(context),
    headers: {location: `${withPath(context.url, 'moved')}&t=${encodeURIComponent(context.secretInUrls)}`},
  })),
  'echo in an error': echo(({secret}) => ({
    http: 500,
    text: escaped({error: {code: secret, message: `refused ${secret}`}}, secret),
    says: 'trouble',
  })),
} satisfies Record<string, Fault>;

export type FaultName = keyof typeof faults;

/** JSON in which the token's characters are escaped, as JSON allows. */
function escaped(body: unknown, token: string): string {
  const hidden = [...token].map((character, index) =>
    character === '/'
      ? '\\/'
      : index % 3 === 1
        ? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
        : character,
  );
  return JSON.stringify(body).replaceAll(token, () => hidden.join(''));
}

function withPath(url: string, folder: string): string {
  const {origin, pathname} = new URL(url);
  return `${origin}/v1.0/${folder}/${pathname.slice(pathname.lastIndexOf('/') + 1)}?a=1`;
}

/** A way to ask for a wait: the headers, and what they mean in milliseconds, where they mean anything. */
export interface Asked {
  readonly headers: Readonly<Record<string, string>>;
  readonly retryAfter: number | undefined;
  /** Whether there is no `Date`. */
  readonly omitsDate?: boolean;
}

const seconds = (value: string, retryAfter: number | undefined) => (): Asked => ({
  headers: {'retry-after': value},
  retryAfter,
});
const date =
  (after: number, retryAfter: number | undefined) =>
  (now: number): Asked => ({
    headers: {'retry-after': new Date(now + after * 1000).toUTCString()},
    retryAfter,
  });

/** A date in an answer that a cache has held for half a minute. */
const aged = (now: number): Asked => ({
  headers: {...date(4, 4000)(now).headers, date: new Date(now - 30_000).toUTCString(), age: '30'},
  retryAfter: 4000,
});

/** A date in an answer without one: the client has only its own clock, which must not be off. */
const undated = (now: number, arrivesAt: number | undefined): Asked => {
  const asked = date(4, 4000)(now);
  return arrivesAt === undefined ? asked : {...asked, retryAfter: leastWait(now + 4000 - arrivesAt), omitsDate: true};
};

function leastWait(wait: number): number | undefined {
  return wait < 100 ? undefined : wait;
}

/**
 * All forms of `Retry-After`; `now` is the time of the answer's `Date` header, and `arrivesAt` the time at which the client has read
 * it, where the clocks agree. What asks for less than 100 ms asks for nothing.
 */
export const waits = {
  'wait 1 s': seconds('1', 1000),
  'wait 3 s': seconds('3', 3000),
  'wait 20 s': seconds('20', 20_000),
  'wait 1.5 s': seconds('1.5', 1500),
  'wait 1 h': seconds('3600', 3_600_000),
  'wait 0': seconds('0', undefined),
  'wait 0.001 s': seconds('0.001', undefined),
  'wait -1': seconds('-1', undefined),
  'wait soon': seconds('soon', undefined),
  'wait 9…': seconds('9'.repeat(400), undefined),
  'wait twice': seconds('2, 2', 2000),
  'wait until a date': date(4, 4000),
  'wait until a past date': date(-30, undefined),
  'wait until a date of a cache': aged,
  'wait until a date without Date': undated,
  'wait in ms': (): Asked => ({headers: {'retry-after-ms': '750'}, retryAfter: 750}),
  'wait in x-ms': (): Asked => ({headers: {'x-ms-retry-after-ms': '1250'}, retryAfter: 1250}),
} satisfies Record<string, (now: number, arrivesAt: number | undefined) => Asked>;

export type WaitName = keyof typeof waits;
