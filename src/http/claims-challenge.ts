import {decodeUtf8} from '../shared/location.ts';

const challenge = /\bclaims\s*=\s*(?:"([^"]*)"|([^\s",]+))/i;

/**
 * Reads the claims of a challenge from `WWW-Authenticate`, as [Continuous Access
 * Evaluation](https://learn.microsoft.com/entra/identity-platform/claims-challenge) sends them: base64, in one of several
 * challenges, its fields in any order.
 *
 * @returns the claims as JSON text, or `undefined` when there are none that can be read
 */
export function readClaims(header: string | null): string | undefined {
  const found = challenge.exec(header ?? '');
  const encoded = found?.[1] ?? found?.[2];
  if (encoded === undefined) return undefined;
  try {
    const claims = decodeUtf8(atob(encoded.replaceAll('-', '+').replaceAll('_', '/')));
    JSON.parse(claims);
    return claims;
  } catch {
    return undefined;
  }
}
