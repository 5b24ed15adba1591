import {type Cancel, cancels} from './cancels.ts';
import {
  type Asked,
  type Draft,
  type Fault,
  type FaultContext,
  faults,
  honest,
  type Says,
  type ServiceAnswer,
  waits,
} from './faults.ts';
import type {AnswerPlan, OperationPlan, Plan, StartPlan} from './plan.ts';
import {type Start, starts} from './starts.ts';
import type {VirtualTime} from './virtual-time.ts';
import {type Status, type WordedAnswer, wordings} from './wordings.ts';

/** The origin that the token belongs to. */
export const home = 'https://graph.microsoft.com';

/** One that it does not belong to, unless somebody trusts it. */
export const abroad = 'https://elsewhere.example';

/** Where a service says how long to wait that does not say so by `Retry-After`: in seconds, in a header or in its body. */
export const ownWaitHeader = 'x-wait';
export const ownWaitField = 'wait';

/** Where an operation is when watching begins. */
export function locationOf({wording}: OperationPlan, index: number): string {
  return wording === 'graph.driveCopy'
    ? `https://copies.example/monitor/op-${index}?sig=a%2Fb`
    : `${home}/v1.0/users/u/authentication/operations/op-${index}?aadgdc=BY01P&aadgsu=ssprprod-a`;
}

/** Where an operation says that it is canceled; `undefined`: it does not say so. */
export function cancelLinkOf({cancelForm}: OperationPlan, index: number): string | undefined {
  if (cancelForm === 'link') return `${home}/v1.0/canceling/op-${index}`;
  return cancelForm === 'link abroad' ? `${abroad}/canceling/op-${index}` : undefined;
}

function isRecord(body: unknown): body is Readonly<Record<string, unknown>> {
  return typeof body === 'object' && body !== null;
}

/** What every token of a world holds and nothing else does. */
export function markerOf(seed: number): string {
  return `Secret${seed}marker`;
}

/** The new password of a reset. Its letters, spaces and signs are written differently in bodies, headers and URLs. */
export function passwordOf(seed: number, operation: number): string {
  return `${markerOf(seed)} é/+${operation}`;
}

/** An answer that quotes a password besides what it says. */
function quoting(worded: WordedAnswer, password: string): WordedAnswer {
  const {body, headers} = worded;
  if (!isRecord(body)) return worded;
  return {
    ...worded,
    body: {...body, statusDetail: `it is ${password} now`, [password]: 1},
    headers: {...headers, 'request-id': password, 'x-note': encodeURIComponent(password)},
  };
}

/** The operation that a URL is about. */
export function operationIn(url: string): number {
  return Number(/op-(\d+)/.exec(url)?.[1] ?? -1);
}

/** What a request carries besides its token, and whether it is part of a batch. */
interface Carried {
  readonly key?: string | undefined;
  readonly isPart?: boolean;
  /** The password that the watch knows to keep secret. */
  readonly password?: string | undefined;
}

/** The service: what operations are and when, and what happens to its answers. */
export class Service {
  readonly #plan: Plan;
  readonly #time: VirtualTime;
  readonly #beginning: number;
  readonly #asked: number[];
  readonly #askedForResult: number[];
  readonly #askedToStart: number[];
  readonly #askedToCancel: number[];
  /** When operations were canceled, or will be, by the service's time. */
  readonly #canceledAt = new Map<number, number>();
  /** Whether what the client takes for the time is the time. */
  readonly #isOnTime: boolean;
  #envelopes = 0;
  #written = {date: Number.NaN, text: ''};
  /** Tokens of an earlier version are refused. */
  #version = 0;

  constructor(plan: Plan, time: VirtualTime) {
    this.#plan = plan;
    this.#time = time;
    this.#beginning = time.serviceTime;
    this.#asked = plan.operations.map(() => 0);
    this.#askedForResult = plan.operations.map(() => 0);
    this.#askedToStart = plan.operations.map(() => 0);
    this.#askedToCancel = plan.operations.map(() => 0);
    this.#isOnTime = plan.skew === 0 && plan.incidents.every(({is}) => is !== 'jump' && is !== 'suspend');
  }

  /** The newest token. */
  get token(): string {
    return `eyJ0.${markerOf(this.#plan.seed)}/+.v${this.#version}`;
  }

  /** What a client's own header holds. */
  get key(): string {
    return `k/${markerOf(this.#plan.seed)}+==`;
  }

  /** What the operation is, as a replica sees it that is so many milliseconds behind; `undefined` where it is not visible. */
  statusOf(index: number, lag = 0): Status | undefined {
    const {startsAt, visibleAt, runsAt, endsAt, end} = this.#operation(index);
    const time = this.#time.serviceTime - lag;
    const at = time - this.#beginning - startsAt;
    if (at < visibleAt) return undefined;
    if (time >= (this.#canceledAt.get(index) ?? Number.POSITIVE_INFINITY)) return 'canceled';
    if (end !== undefined && at >= endsAt) return end;
    return at < runsAt ? 'notStarted' : 'running';
  }

  /** Answers a poll, or a request for a result. */
  answer(url: string, token: string, carried: Carried = {}): ServiceAnswer {
    const index = operationIn(url);
    const {origin, pathname} = new URL(url);
    const wantsToken = origin === home;
    if (wantsToken && this.#isStale(token)) {
      return this.#finish(index, this.#refusal(), {}, []);
    }
    if (pathname.includes('/results/') || pathname.includes('/items/')) return this.#result(index, origin, carried);
    if (pathname.includes('/loop/')) {
      return this.#finish(index, {http: 302, text: '', headers: {location: url}, says: 'redirect'}, {}, []);
    }
    if (!wantsToken && origin.includes('elsewhere')) {
      return this.#finish(index, honest(this.#context(index, url, token, carried)), {}, []);
    }
    const number = this.#asked[index] ?? 0;
    this.#asked[index] = number + 1;
    return this.#planned(index, url, token, this.#operation(index).answers[number] ?? {}, carried);
  }

  /** Answers a request that starts an operation. */
  start(url: string, token: string): ServiceAnswer {
    const index = operationIn(url);
    const planned: StartPlan = this.#operation(index).start ?? {is: 'accepted' as const};
    const names = [`start ${planned.is}`, ...(planned.password === undefined ? [] : [`password ${planned.password}`])];
    if (this.#isStale(token)) return this.#finish(index, this.#refusal(), {}, names);
    const number = this.#askedToStart[index] ?? 0;
    this.#askedToStart[index] = number + 1;
    if (planned.is === 'refused' && number === 0) return this.#finish(index, this.#refuse(token), {}, names);
    const {
      http = 202,
      delivery,
      headDelay = 0,
      leads,
    }: Start = planned.is === 'refused' ? starts.accepted : starts[planned.is];
    const refused: Draft = {http, text: '', says: 'trouble'};
    const answered = http >= 400 ? refused : this.#accept(index, http, leads);
    const draft: Draft = {
      ...(planned.password === undefined ? answered : this.#answerReset(answered, index, planned)),
      headDelay,
      ...(delivery === undefined ? {} : {delivery}),
    };
    return this.#finish(index, draft, {wait: planned.wait}, names);
  }

  /** The answer to a start that resets a password. */
  #answerReset(answered: Draft, index: number, {password: how, quotes = false}: StartPlan): Draft {
    const password = passwordOf(this.#plan.seed, index);
    const {text, ...draft} = answered;
    // Nobody could tell a password from anything else that the service made and says in a refusal.
    if (how === 'made' && draft.http >= 400) return answered;
    const echoed = quotes ? {...draft.headers, 'request-id': `of ${password}`, 'x-note': password} : draft.headers;
    const headers = echoed === undefined ? {} : {headers: echoed};
    if (draft.http >= 400) {
      const error = quotes ? {code: password, message: `no ${password}`} : {code: 'passwordBanned', message: 'No'};
      return {...draft, ...headers, body: {error}};
    }
    const made = how === 'made' ? {newPassword: password} : {};
    return {...draft, ...headers, body: quotes ? {...made, note: `it is ${password} now`} : made};
  }

  /** Whether all that the service says of a reset quotes its password. */
  #quotes(index: number): boolean {
    return this.#operation(index).start?.quotes === true;
  }

  /** Answers a request to cancel. */
  cancel(url: string, token: string, carried: Carried = {}): ServiceAnswer {
    const index = operationIn(url);
    if (new URL(url).origin === home && this.#isStale(token)) return this.#finish(index, this.#refusal(), {}, []);
    const number = this.#askedToCancel[index] ?? 0;
    this.#askedToCancel[index] = number + 1;
    const {is, wait}: OperationPlan['cancels'][number] = this.#operation(index).cancels[number] ?? {
      is: 'at once',
      wait: undefined,
    };
    const names = [`cancel ${is}`];
    const {http = 202, delivery = 'whole', headDelay = 0, obeysAfter, leads}: Cancel = cancels[is];
    if (http === 401) return this.#finish(index, this.#refuse(token), {}, names);
    const {secret, id} = this.#context(index, url, token, carried);
    const status = this.statusOf(index);
    if (http < 300 && (status === undefined || isEnd(status))) {
      const draft: Draft = {http: status === undefined ? 404 : 409, text: '', says: 'trouble'};
      return this.#finish(index, {...draft, headDelay, delivery}, {wait}, names);
    }
    if (obeysAfter !== undefined) this.#cancel(index, obeysAfter);
    const location = `${leads === 'abroad' ? abroad : home}/v1.0/redirected/op-${index}?a=1`;
    const draft: Draft = {
      http,
      // What it says here of the status is no answer to a poll.
      body: http < 300 ? {id, status: 'skipped'} : {error: {code: 'x', message: `refused ${secret}`}},
      ...(leads === undefined ? {} : {headers: {location}}),
      says: http < 300 ? 'running' : leads === undefined ? 'trouble' : 'redirect',
      headDelay,
      delivery,
    };
    return this.#finish(index, draft, {wait}, names);
  }

  /** Cancels an operation after so many milliseconds, unless it has ended by then. */
  #cancel(index: number, after: number): void {
    const {startsAt, endsAt, end} = this.#operation(index);
    const at = this.#time.serviceTime + after;
    if (end !== undefined && at - this.#beginning - startsAt >= endsAt) return;
    this.#canceledAt.set(index, Math.min(at, this.#canceledAt.get(index) ?? at));
  }

  /** Accepts a start: says where the operation is, in a header or by its name. */
  #accept(index: number, http: number, leads: Start['leads']): Draft {
    const operation = this.#operation(index);
    const {wording} = operation;
    if (wording === 'google.longrunning') {
      const name = `operations/op-${index}`;
      if (leads === 'nowhere') return {http: 200, body: {}, says: 'notStarted'};
      const {means, honest: shown} = this.#honest(index, 0);
      const isVisible = means !== 'trouble';
      const place = `${home}/v1.0/${name}`;
      return {http: 200, body: isVisible ? shown.body : {name}, says: isVisible ? means : 'running', place};
    }
    if (leads === 'nowhere') return {http, text: '', says: 'notStarted'};
    const header = wording === 'azure.statusMonitor' ? 'azure-asyncoperation' : 'location';
    if (leads === 'to the password') {
      const password = encodeURIComponent(passwordOf(this.#plan.seed, index));
      return {http, text: '', headers: {[header]: `${locationOf(operation, index)}&p=${password}`}, says: 'notStarted'};
    }
    const place = leads === 'abroad' ? `${abroad}/x/op-${index}` : locationOf(operation, index);
    return {http, text: '', headers: {[header]: place}, says: 'notStarted', place};
  }

  /** Answers a batch as a whole; `undefined`: it is served. */
  envelope(url: string, token: string): ServiceAnswer | undefined {
    const plan = this.#plan.envelopes[this.#envelopes];
    this.#envelopes += 1;
    if (plan?.fault === undefined || plan.fault === 'slow') return undefined;
    return this.#planned(0, url, token, plan, {});
  }

  get dateHeader(): string {
    const date = this.#date();
    if (date !== this.#written.date) this.#written = {date, text: new Date(date).toUTCString()};
    return this.#written.text;
  }

  #operation(index: number): OperationPlan {
    const operation = this.#plan.operations[index];
    if (operation === undefined) throw new Error(`no operation ${index}`);
    return operation;
  }

  #planned(
    index: number,
    url: string,
    token: string,
    {fault: name, wait}: AnswerPlan,
    carried: Carried,
  ): ServiceAnswer {
    const {isPart = false} = carried;
    const context = this.#context(index, url, token, carried);
    const fault: Fault | undefined = name === undefined ? undefined : faults[name];
    // What happens to a connection happens to the whole batch.
    // Nobody reads the body of a redirect.
    const isUnread = context.honest.http === 303 && /huge|endless|long|hangBody|slowBody/.test(name ?? '');
    const applies = fault !== undefined && !(isPart && fault.isOfConnection) && !isUnread;
    if (!applies) return this.#finish(index, honest(context), {wait}, [], isPart);
    const draft = name === 'http 401' ? this.#refuse(token) : fault.answer(context);
    return this.#finish(index, draft, {wait}, [name as string], isPart);
  }

  #context(index: number, url: string, token: string, {key, password}: Carried): FaultContext {
    const id = `op-${index}`;
    const {means, honest: worded} = this.#honest(index, 0);
    const wording = password === undefined || !this.#quotes(index) ? worded : quoting(worded, password);
    const stale = (): Draft => {
      const lagging = this.#honest(index, 5000);
      return lagging.draft;
    };
    const {maxResponseSize} = this.#plan.options;
    const isEven = (this.#asked[index] ?? 0) % 2 === 0;
    return {
      id,
      url,
      token,
      secret: isEven ? token : (password ?? key ?? token),
      secretInUrls: isEven ? token : (password ?? token),
      password,
      means,
      honest: wording,
      stale,
      isEven,
      maxResponseSize,
    };
  }

  #honest(index: number, lag: number): {readonly means: Says; readonly honest: WordedAnswer; readonly draft: Draft} {
    const status = this.statusOf(index, lag);
    const {wording, variant, startsAt, runsAt, endsAt} = this.#operation(index);
    if (status === undefined) {
      const draft: Draft = {http: 404, body: {error: {code: 'notFound', message: 'not yet'}}, says: 'trouble'};
      // A body of its own says that there is nothing yet.
      return {means: 'trouble', honest: {http: 404, body: draft.body}, draft};
    }
    const at = this.#time.serviceTime - this.#beginning - startsAt - lag;
    const percent =
      status === 'running' ? Math.floor((100 * (at - runsAt)) / Math.max(1, endsAt - runsAt)) % 100 : undefined;
    const resultOrigin = this.#plan.results === 'abroad' ? abroad : home;
    const resourceLocation = status === 'succeeded' ? `${resultOrigin}/v1.0/results/op-${index}` : undefined;
    const worded = wordings[wording]({id: `op-${index}`, status, percent, variant, resourceLocation});
    const link = cancelLinkOf(this.#operation(index), index);
    const links = link === undefined || !isRecord(worded.body) ? {} : {body: {...worded.body, links: {cancel: link}}};
    const answer = {...worded, ...links};
    const means = answer.means ?? status;
    const {http, body, headers = {}} = answer;
    return {means, honest: answer, draft: {http, body, headers, says: means}};
  }

  #result(index: number, origin: string, {password, isPart = false}: Carried): ServiceAnswer {
    // As everywhere else, no part of a batch is redirected.
    if (this.#plan.results === 'redirected abroad' && origin === home && !isPart) {
      const headers = {location: `${abroad}/v1.0/results/op-${index}`};
      return this.#finish(index, {http: 302, text: '', headers, says: 'redirect'}, {}, ['result redirected abroad']);
    }
    const names = origin === abroad ? ['result abroad'] : [];
    const number = this.#askedForResult[index] ?? 0;
    this.#askedForResult[index] = number + 1;
    if (number < this.#operation(index).variant * 2)
      return this.#finish(index, {http: 404, text: '', says: 'trouble'}, {}, names);
    const note = password === undefined || !this.#quotes(index) ? {} : {note: `it is ${password} now`};
    return this.#finish(index, {http: 200, body: {of: `op-${index}`, ...note}, says: 'succeeded'}, {}, names);
  }

  #isStale(token: string): boolean {
    return token === '' || Number(token.slice(token.lastIndexOf('.v') + 2)) < this.#version;
  }

  #refuse(token: string): Draft {
    if (token !== '') this.#version = Number(token.slice(token.lastIndexOf('.v') + 2)) + 1;
    return this.#refusal();
  }

  #refusal(): Draft {
    // {"access_token":{"nbf":{"essential":true}}}
    const claims = 'eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZX19fQ==';
    return {
      http: 401,
      text: '',
      headers:
        this.#version % 2 === 0 ? {} : {'www-authenticate': `Bearer error="insufficient_claims", claims="${claims}"`},
      says: 'unauthorized',
    };
  }

  #date(): number {
    return Math.floor((this.#time.serviceTime + this.#plan.skew) / 1000) * 1000;
  }

  #finish(index: number, draft: Draft, {wait}: AnswerPlan, names: readonly string[], isPart = false): ServiceAnswer {
    const {http, headers, says, delivery = 'whole', headDelay = 0, bodyDelay = 0, word, place} = draft;
    // Nobody asks for a wait in an answer that is followed by another request at once.
    const asks = wait !== undefined && says !== 'redirect' && says !== 'unauthorized' && !isEnd(says);
    const {latency} = this.#plan;
    // A part of a batch has no Date of its own.
    const arrivesAt = this.#isOnTime && !isPart ? this.#time.serviceTime + latency + headDelay + bodyDelay : undefined;
    const asked: Asked = asks ? waits[wait](this.#date(), arrivesAt) : {headers: {}, retryAfter: undefined};
    const dated = asked.omitsDate === true ? undefined : {date: this.dateHeader};
    const {maxRetryAfter = Number.POSITIVE_INFINITY} = this.#plan.options;
    const {body, asking, isPlaced} = this.#askInItsPlace(asked, draft);
    return {
      delivery,
      http,
      text: draft.text ?? (body === null || body === undefined ? '' : JSON.stringify(body)),
      headers: Object.assign({'request-id': `${index}`}, dated, headers, asking),
      headDelay: latency + headDelay,
      bodyDelay,
      says,
      retryAfter: asked.retryAfter === undefined ? undefined : Math.min(asked.retryAfter, maxRetryAfter),
      faults: asks ? [...names, wait, ...(isPlaced ? [`wait in the ${this.#plan.waitsIn}`] : [])] : names,
      word,
      place,
    };
  }

  /** Asks for a wait where the protocol says, in an answer that is no error, if it asks by a number, or by what should be one. */
  #askInItsPlace({headers}: Asked, {http, body, text, delivery = 'whole'}: Draft) {
    const {waitsIn} = this.#plan;
    const {'retry-after': given} = headers;
    // A list and a date are read in `Retry-After` only.
    if (waitsIn === 'Retry-After' || given === undefined || given.includes(' ') || http >= 300)
      return {body, asking: headers, isPlaced: false};
    if (waitsIn === 'header') return {body, asking: {[ownWaitHeader]: given}, isPlaced: true};
    // Nobody would read it there.
    if (!isRecord(body) || text !== undefined || delivery !== 'whole') return {body, asking: headers, isPlaced: false};
    const number = Number(given);
    return {body: {...body, [ownWaitField]: Number.isFinite(number) ? number : given}, asking: {}, isPlaced: true};
  }
}

/** Whether an answer says that the operation has ended. */
export function isEnd(says: Says): boolean {
  return says === 'succeeded' || says === 'failed' || says === 'canceled';
}
