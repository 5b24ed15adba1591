import {decodeUtf8} from '../shared/location.ts';

// The first that is in no quoted string (RFC 9110, section 11.2).
const challenge = /^(?:[^"]|"(?:[^"\\]|\\.)*")*?(?<![^\s,])claims\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))/is;

/**
 * Reads the claims of a challenge from `WWW-Authenticate`, as [Continuous Access
 * Evaluation](https://learn.microsoft.com/entra/identity-platform/claims-challenge) sends them: base64, in one of several
 * challenges, its fields in any order.
 *
 * @returns the claims as JSON text, or `undefined` when there are none that can be read
 */
export function readClaims(header: string | null): string | undefined {
  try {
    const [, quoted, encoded = quoted ?? ''] = challenge.exec(header ?? '') ?? [];
    // A quoted character stands for itself (section 5.6.4).
    const claims = decodeUtf8(atob(encoded.replaceAll('-', '+').replaceAll('_', '/').replaceAll('\\', '')));
    JSON.parse(claims);
    return claims;
  } catch {
    return undefined; // A batch may also have a header that is too long for a regular expression.
  }
}
