import {type Facts, isWanted} from './facts.ts';
import type {ServiceAnswer} from './faults.ts';
import {home, operationIn, passwordOf, type Service} from './service.ts';
import type {Timer} from './virtual-time.ts';
import type {World} from './world.ts';

/** A request as the network sees it. */
export interface NetworkRequest {
  readonly url: string;
  readonly method: string;
  /** The token after its scheme, or after the name of its own header, and what the client's own header holds. */
  readonly authorization: string | undefined;
  readonly key: string | undefined;
  /** The body of a batch. */
  readonly json: unknown;
  readonly signal: AbortSignal;
}

/** What an answer is to one of the operations that a request was about. */
interface Share {
  readonly operation: number;
  readonly answer: ServiceAnswer;
  /** Whether the part of a batch is there at all. */
  readonly isThere: boolean;
  /** Which time of watching the operation it belongs to. */
  readonly watch: number;
  /** Whether it is a poll, or starts or cancels an operation. */
  readonly is: 'poll' | 'start' | 'cancel';
}

/** A request under way. */
export class Exchange {
  readonly answer: ServiceAnswer;
  readonly shares: readonly Share[];
  readonly #isBatch: boolean;
  readonly #url: string;
  readonly #network: Network;
  readonly #signal: AbortSignal;
  #reject: ((reason: unknown) => void) | undefined;
  #timer: Timer | undefined;
  #isArrived = false;
  #onArrival: (() => void) | undefined;
  /** Called when the client gives up. */
  onGivenUp: ((reason: unknown) => void) | undefined;

  constructor(network: Network, answer: ServiceAnswer, shares: readonly Share[], {url, signal}: NetworkRequest) {
    this.#network = network;
    this.answer = answer;
    this.shares = shares;
    // It is one even where a single request is left in it, the others having been given up before it left.
    this.#isBatch = isBatch(url);
    this.#url = url;
    this.#signal = signal;
  }

  /** Resolves when the head of the answer is there. */
  head(): Promise<this> {
    return new Promise((resolve, reject) => {
      const {delivery, headDelay} = this.answer;
      this.#reject = reject;
      this.#signal.addEventListener('abort', this.#onAbort, {once: true});
      // Its user may have had enough just as it left.
      if (this.#signal.aborted) return this.#onAbort();
      if (delivery === 'hang') return;
      this.#timer = this.#network.world.time.after(headDelay, () => {
        if (delivery === 'reset' || delivery === 'dns') {
          this.#lose(delivery);
          const code = delivery === 'dns' ? 'ENOTFOUND' : 'ECONNRESET';
          return reject(new TypeError('fetch failed', {cause: Object.assign(new Error('no connection'), {code})}));
        }
        this.#reject = undefined;
        this.#hasHead = true;
        this.#arrive();
        resolve(this);
      });
    });
  }

  /** Calls back when the body is there; never, where it does not come. */
  onArrival(callback: () => void): void {
    if (this.#isArrived) callback();
    else this.#onArrival = callback;
  }

  /** The process is dead: nothing of this gets there any more. */
  drop(): void {
    if (this.#timer !== undefined) this.#network.world.time.cancel(this.#timer);
    this.#signal.removeEventListener('abort', this.#onAbort);
  }

  /** Nobody wants the rest. */
  close(): void {
    this.drop();
    this.#network.open.delete(this);
  }

  #arrive(): void {
    const {delivery, bodyDelay} = this.answer;
    if (delivery === 'hangBody') return;
    if (bodyDelay === 0) this.#deliver();
    else this.#timer = this.#network.world.time.after(bodyDelay, () => this.#deliver());
  }

  #deliver(): void {
    this.close();
    this.#isArrived = true;
    const {world} = this.#network;
    if (world.reaches('answer')) return;
    // What was accepted counts before what was refused.
    const shares = this.shares.toSorted(
      (one, other) => Number(isRefused(one.answer)) - Number(isRefused(other.answer)),
    );
    for (const {operation, answer, isThere, watch, is} of shares) {
      if (is !== 'poll') {
        const read = {isLost: false, isUnread: false, isGivenUp: false};
        world.happen({is: `${is} answer`, operation, answer, url: this.#url, ...read});
        continue;
      }
      const shown = {answer, isThere, isWanted: isWanted(world.factsOf(operation), watch)};
      world.happen({is: 'answer', operation, ...shown, url: this.#url});
    }
    this.#onArrival?.();
  }

  #hasHead = false;

  readonly #onAbort = (): void => {
    this.#lose('given up');
    this.#reject?.(this.#signal.reason);
    this.onGivenUp?.(this.#signal.reason);
  };

  #lose(why: string): void {
    this.close();
    const isBatched = this.#isBatch;
    for (const {operation, answer, is, watch} of this.shares) {
      const {world} = this.#network;
      const isStillWanted = isWanted(world.factsOf(operation), watch);
      // The head counts by itself.
      const isHeadEnough =
        this.#hasHead && !isBatched && (answer.http >= 400 || isRunningByStatus(world.factsOf(operation), answer));
      const isGivenUp = why === 'given up';
      const unread = {isLost: !this.#hasHead, isUnread: true, isGivenUp};
      if (is !== 'poll') world.happen({is: `${is} answer`, operation, answer, url: this.#url, ...unread});
      else if (isHeadEnough && isStillWanted) {
        const says = answer.http < 400 ? 'running' : answer.says;
        world.happen({
          is: 'answer',
          operation,
          answer: {...answer, says, delivery: 'hangBody'},
          isThere: true,
          isWanted: true,
          url: this.#url,
        });
      } else world.happen({is: 'lost', operation, why, isBatched, isWanted: isStillWanted});
    }
  }
}

/** Whether the HTTP status of an answer is the operation's word, which needs no body. */
function isRunningByStatus({planned}: Facts, {http}: ServiceAnswer): boolean {
  return http === 202 && planned.wording === 'azure.location';
}

/** Everything between the library and the service. */
export class Network {
  readonly world: World;
  readonly open = new Set<Exchange>();
  readonly #service: Service;

  constructor(world: World, service: Service) {
    this.world = world;
    this.#service = service;
  }

  /** Sends a request. @returns resolves with the head of the answer */
  send(request: NetworkRequest): Promise<Exchange> {
    const {world} = this;
    // What is left of a dead process sends into the void.
    if (!world.time.isProcessAlive) return new Promise(() => undefined);
    if (request.signal.aborted) return Promise.reject(request.signal.reason);
    const exchange = isBatch(request.url)
      ? this.#batch(request)
      : request.method === 'GET'
        ? this.#single(request)
        : isStart(request.url)
          ? this.#start(request)
          : this.#cancel(request);
    this.open.add(exchange);
    for (const name of exchange.answer.faults) world.count(name);
    if (world.reaches('request')) return new Promise(() => undefined);
    return exchange.head();
  }

  /** The process is dead. */
  drop(): void {
    for (const exchange of this.open) exchange.drop();
    this.open.clear();
  }

  /** How many requests are in flight; a batch counts as many as it contains. */
  get #inFlight(): number {
    let count = 0;
    for (const {shares} of this.open) count += shares.length;
    return count;
  }

  #share(operation: number, answer: ServiceAnswer, isThere: boolean): Share {
    return {operation, answer, isThere, watch: this.world.factsOf(operation).watches, is: 'poll'};
  }

  /** A request leaves by itself, in no batch. @returns the operation that it is about */
  #leave(is: 'start request' | 'cancel request' | 'request', request: NetworkRequest): number {
    const {url, method, authorization, key} = request;
    const operation = operationIn(url);
    const inFlight = this.#inFlight;
    const sent = {operation, url, method, authorization, key, isBatched: false, inFlight, together: 1, place: 0};
    this.world.happen({is, ...sent});
    return operation;
  }

  #start(request: NetworkRequest): Exchange {
    const {url, authorization} = request;
    const operation = this.#leave('start request', request);
    this.#checkReset(operation, request);
    const answer = this.#service.start(url, tokenOf(authorization));
    return new Exchange(this, answer, [{...this.#share(operation, answer, true), is: 'start'}], request);
  }

  /** The password that the watch of an operation knows: a reset's own, while that goes on. */
  #passwordOf(operation: number): string | undefined {
    return this.world.factsOf(operation).knowsPassword ? passwordOf(this.world.plan.seed, operation) : undefined;
  }

  /** A reset sends the password that its user has chosen. */
  #checkReset(operation: number, {url, json}: NetworkRequest): void {
    const {plan} = this.world;
    const password = this.world.factsOf(operation).planned.start?.password;
    if (password === undefined) return;
    const body = password === 'chosen' ? {newPassword: passwordOf(plan.seed, operation)} : {};
    if (JSON.stringify(json) !== JSON.stringify(body)) this.world.broken(`a reset sends ${JSON.stringify(json)}`);
    if (!url.endsWith('/resetPassword')) this.world.broken(`a reset goes to ${url}`);
  }

  #cancel(request: NetworkRequest): Exchange {
    const {url, authorization, key} = request;
    const operation = this.#leave('cancel request', request);
    const answer = this.#service.cancel(url, tokenOf(authorization), {key, password: this.#passwordOf(operation)});
    return new Exchange(this, answer, [{...this.#share(operation, answer, true), is: 'cancel'}], request);
  }

  #single(request: NetworkRequest): Exchange {
    const {url, authorization, key} = request;
    const operation = this.#leave('request', request);
    const answer = this.#service.answer(url, tokenOf(authorization), {key, password: this.#passwordOf(operation)});
    return new Exchange(this, answer, [this.#share(operation, answer, true)], request);
  }

  #batch(request: NetworkRequest): Exchange {
    const {url, authorization, key, json} = request;
    const {requests} = json as {readonly requests: readonly {readonly id: string; readonly url: string}[]};
    const parts = requests.map((part) => ({id: part.id, url: url.slice(0, -'/$batch'.length) + part.url}));
    const token = tokenOf(authorization);
    const inFlight = this.#inFlight;
    for (const [place, part] of parts.entries()) {
      this.world.happen({
        is: 'request',
        operation: operationIn(part.url),
        url: part.url,
        method: 'GET',
        authorization,
        key,
        isBatched: true,
        inFlight,
        together: parts.length,
        place,
      });
    }
    const whole = this.#service.envelope(url, token);
    if (whole !== undefined) {
      const shares = parts.map((part) => this.#share(operationIn(part.url), whole, false));
      return new Exchange(this, whole, shares, request);
    }
    const shares = parts.map((part) => {
      const password = this.#passwordOf(operationIn(part.url));
      const answer = this.#service.answer(part.url, token, {key, password, isPart: true});
      return this.#share(operationIn(part.url), answer, true);
    });
    for (const {answer} of shares) for (const name of answer.faults) this.world.count(name);
    const responses = shares.map(({answer}, index) => ({
      id: parts[index]?.id,
      status: answer.http,
      // A part has no Date of its own.
      headers: Object.fromEntries(Object.entries(answer.headers).filter(([name]) => name !== 'date' && name !== 'age')),
      body: bodyOfPart(answer.text),
    }));
    const {latency} = this.world.plan;
    const answer: ServiceAnswer = {
      http: 200,
      headers: {date: this.#service.dateHeader},
      text: JSON.stringify({responses}),
      delivery: 'whole',
      headDelay: latency,
      bodyDelay: 0,
      says: 'running',
      retryAfter: undefined,
      faults: [],
    };
    return new Exchange(this, answer, shares, request);
  }
}

function tokenOf(authorization: string | undefined): string {
  return authorization?.replace(/^\S+ /, '') ?? '';
}

/** Whether a request that changes something starts an operation. */
function isStart(url: string): boolean {
  return url.includes('/starts/') || url.endsWith('/resetPassword');
}

function isBatch(url: string): boolean {
  return url.endsWith('/$batch');
}

/** A part's body: JSON as such, anything else as Graph sends it. */
function bodyOfPart(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return btoa(text);
  }
}

/** Whether the service takes no more requests for a while. */
export function isRefused({http, retryAfter}: ServiceAnswer): boolean {
  return (http === 403 || http === 429 || http === 503) && retryAfter !== undefined;
}

/** Whether a URL is on the origin that tokens may go to. */
export function mayHaveToken(url: string): boolean {
  return url.startsWith(`${home}/`);
}
