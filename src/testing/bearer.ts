import {checkText, outOfRange, wrongType} from './checks.ts';

/** Why a request may not pass, or `undefined` if it may. The token itself is never part of the reason. */
export type BearerCheck = (authorization: string | undefined) => string | undefined;

/** Accepts the given tokens; without any, every bearer token that is not empty. */
export function bearerCheck(token: string | readonly string[] | undefined): BearerCheck {
  const accepted = token === undefined ? undefined : new Set(typeof token === 'string' ? [token] : readTokens(token));
  if (accepted?.has('') === true) throw outOfRange('options.token', 'a token that is not empty', '');
  return (authorization) => {
    const sent = bearerToken(authorization);
    if (sent === undefined) return 'Access token is empty.';
    return accepted === undefined || accepted.has(sent)
      ? undefined
      : 'Access token validation failure. Invalid audience.';
  };
}

function readTokens(tokens: readonly string[]): readonly string[] {
  if (!Array.isArray(tokens)) throw wrongType('options.token', 'a string or a list of strings', tokens);
  for (const [index, token] of tokens.entries()) checkText(`options.token[${index}]`, token);
  return tokens;
}

function bearerToken(authorization: string | undefined): string | undefined {
  return authorization === undefined ? undefined : /^bearer +(\S+)$/i.exec(authorization)?.[1];
}
