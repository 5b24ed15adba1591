import {basicSecrets} from '../http/basic-credentials.ts';
import {formsInUrls, unescapedSecret} from '../http/redact.ts';
import type {RequestHeaders} from './headers.ts';

/** Headers that hold credentials: no URL may contain what is in them. */
const credentialHeader = /authorization|cookie/;

/** The names of headers whose values are keys. Others hold versions and tenants, which a stored URL keeps. */
const keyHeader = /key|secret|token|pass|pwd|signature|credential|auth|jwt/;

/** The headers that hold keys, which a URL may contain, but not a stored one. @param headers their names are in lower case */
export function keyHeaders(headers: RequestHeaders): RequestHeaders {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => keyHeader.test(name) && !credentialHeader.test(name)),
  );
}

/**
 * The headers that hold credentials or keys.
 *
 * @param headers their names are in lower case
 * @param keys the names of those that hold keys
 */
export function credentialHeaders(headers: RequestHeaders, keys: ReadonlySet<string>): RequestHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => credentialHeader.test(name) || keys.has(name)));
}

/**
 * What must not be shown of headers: their values, as they are and decoded, and of `authorization` what follows the scheme. Of
 * credentials in several parts, the secret ones too, but for what is in the root: that is no secret.
 *
 * @param headers their names are in lower case
 */
export function secretsOf(headers: RequestHeaders, root: string): readonly string[] {
  return Object.entries(headers).flatMap(([name, value]) => {
    const whole = name === 'authorization' ? value.trim().replace(/^\S+ +/, '') : value.trim();
    const isCredential = credentialHeader.test(name);
    const parts = !isCredential ? [whole] : /^basic /i.test(value) ? basicSecrets(whole) : secretParts(whole);
    const secrets = parts.filter((part) => !root.includes(part)).flatMap((part) => [part, unescapedSecret(part)]);
    const isKey = isCredential || keyHeader.test(name);
    const inHosts = isKey ? secrets.flatMap(formsInUrls).filter((form) => !root.includes(form)) : [];
    return [...new Set([whole, ...secrets, ...inHosts])];
  });
}

const secretName = /(?:key|secret|token|password|pwd|signature|sig|mac)$/i;
const uuid = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/**
 * The secrets of credentials in several parts, such as `id=…, key=…` or `account:signature`: what has the name of a secret, and
 * what looks like one, with 16 characters or more, digits among them, but no UUID.
 */
function secretParts(credentials: string): string[] {
  return credentials.split(/[\s,;&]+/).flatMap((part) => {
    const [, name, value] = /^([\w.-]+)="?([^"=].*?)"?$/.exec(part) ?? [];
    if (name !== undefined && value !== undefined && secretName.test(name)) return [value];
    const text = value ?? part.slice(part.lastIndexOf(':') + 1);
    const looksSecret = /^[\w+/=~.%-]{16,}$/.test(text) && /\d/.test(text) && /[a-z]/i.test(text) && !uuid.test(text);
    return looksSecret ? [text] : [];
  });
}
