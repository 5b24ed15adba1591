import {basicSecrets} from './basic-credentials.ts';
import {formsInUrls, type RequestSecrets, type Secrets} from './redact.ts';

/** How many tokens of a function are known: the current one, and those that it gave before. */
const maxKnownTokens = 4;

/** The secrets of requests with one source of tokens, and what they consist of. */
interface KnownSecrets extends RequestSecrets {
  readonly tokens: readonly string[];
  readonly others: Secrets;
}

const knownByFunction = new WeakMap<object, KnownSecrets>();
let knownOfString: KnownSecrets | undefined;

/** What must not be shown of what a function of tokens throws: it may quote a token that it gave before. */
export function secretsOfFunction(source: object): Secrets {
  return knownByFunction.get(source)?.secrets ?? [];
}

/**
 * What must not be shown of a response: the token, even if this request does not carry it; the tokens that the same function gave
 * before, which a service may quote long after it refused them; and the others.
 *
 * @param source a token, or the function that gives them
 * @param token the one that the request carries
 */
export function secretsWith(
  source: string | object | undefined,
  token: string | undefined,
  others: RequestSecrets,
): RequestSecrets {
  if (source === undefined) return others;
  const isString = typeof source === 'string';
  const known = isString ? knownOfString : knownByFunction.get(source);
  const before = known?.tokens ?? [];
  const current = isString ? source : (token ?? before[0]);
  // The usual case, without any allocation.
  if (known?.others === others.secrets && current === before[0]) return known;
  const tokens = [...new Set([current ?? [], isString ? [] : before].flat())].slice(0, maxKnownTokens);
  const forms = tokens.flatMap(formsOf).flatMap(formsInUrls);
  const secrets = [...forms, ...others.secrets];
  // One list where all of them are credentials, so that it is searched once.
  const credentials = others.credentials.length < others.secrets.length ? [...forms, ...others.credentials] : secrets;
  const made = {tokens, others: others.secrets, secrets, credentials};
  if (isString) knownOfString = made;
  else knownByFunction.set(source, made);
  return made;
}

/**
 * What a service may send back of a token: also the password of `user:password` in base64, and of `id:secret` or `name=secret` what follows
 * the id or name, where it is longer than an ordinary word.
 */
function formsOf(token: string): Secrets {
  const parts = token.split(/[:="]+/).slice(1);
  return [token, ...basicSecrets(token), ...parts.filter(({length}) => length > 15)];
}
