function refuse(): never {
  throw new Error('not readable');
}

const unreadableError = Object.defineProperty(new Error('mine'), 'message', {get: refuse});

function revokedProxy(): object {
  const {proxy, revoke} = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

/** A response, as a mock of `fetch` may give it, whose headers throw when they are asked for one of these names. */
export function withUnreadableHeader(response: Response, ...unreadable: readonly string[]): Response {
  const headers = new Headers(response.headers);
  const asking = (name: string): string => (unreadable.includes(name.toLowerCase()) ? refuse() : name);
  const get = (name: string): string | null => Headers.prototype.get.call(headers, asking(name));
  const has = (name: string): boolean => Headers.prototype.has.call(headers, asking(name));
  return Object.defineProperty(response, 'headers', {value: Object.assign(headers, {get, has})});
}

/** What somebody may throw, and what cannot become text in the usual ways. */
export const hostileValues: readonly (readonly [name: string, value: unknown])[] = [
  ['an object without a prototype', Object.create(null)],
  ['an object with a toString that throws', {toString: refuse}],
  ['an object that cannot become a primitive value', {[Symbol.toPrimitive]: refuse}],
  ['an object with a message that throws', Object.defineProperty({}, 'message', {get: refuse})],
  ['an error with a message that throws', unreadableError],
  ['an error whose message is a symbol', Object.assign(new Error('mine'), {message: Symbol('mine')})],
  [
    'an error whose message is an object without a prototype',
    Object.assign(new Error('mine'), {message: Object.create(null)}),
  ],
  ['a proxy that nothing can be asked of', revokedProxy()],
  ['an error whose prototype is such a proxy', Object.setPrototypeOf(new Error('mine'), revokedProxy())],
  ['a symbol', Symbol('mine')],
  ['nothing', undefined],
  ['null', null],
];
