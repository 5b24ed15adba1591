import {type FindByRead, findByRead} from './find-by-read.ts';
import {lowerCaseMap} from './lower-case-map.ts';
import type {ProtocolFields} from './protocol.ts';
import {type UrlPlace, urlAt} from './url-template.ts';
import {waitAt} from './wait-place.ts';

/** What a reader has for the fields that no preset has. None may be left out: one could be found in a polluted `Object.prototype`. */
export interface CompiledFields {
  /** Finds the operation in a response by the protocol's `read`; a text says why there is none. Never throws. */
  readonly read: FindByRead | undefined;
  /** The URL reference at a place of a response's body, which may be anything. */
  readonly urlAt: ((place: UrlPlace, body: unknown) => unknown) | undefined;
  /** The wait at the protocol's `retryAfter` in a response, in milliseconds, however long. */
  readonly retryAfter: ((headers: {get(name: string): string | null}, json: unknown) => number | undefined) | undefined;
  /** The header that carries the token, in lower case, and what comes before the token in it. */
  readonly authorization: {readonly header: string; readonly prefix: string};
  /** In lower case, as those that every request has. */
  readonly pollHeaders: Readonly<Record<string, string>> | undefined;
}

/**
 * Compiles the fields that no preset has. Every protocol by `define` holds this function, so that a program without one does not contain
 * the code that reads them.
 */
export function compileFields(protocol: ProtocolFields): CompiledFields {
  const {read, retryAfter, authorization, pollHeaders} = protocol;
  const {header, scheme = ''} =
    typeof authorization === 'object' ? authorization : {header: 'authorization', scheme: 'Bearer'};
  return {
    read: read && ((response, redact, redactJson) => findByRead(read, response, redact, redactJson)),
    urlAt,
    retryAfter: retryAfter && ((headers, json) => waitAt(retryAfter, headers, json)),
    authorization: {header: header.toLowerCase(), prefix: scheme && `${scheme} `},
    pollHeaders: pollHeaders && readPollHeaders(pollHeaders),
  };
}

/** Only JSON can be read, so a poll accepts nothing else: a version of it, if need be. */
function readPollHeaders(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const byName = lowerCaseMap(headers);
  if (!/json/i.test(byName.get('accept') ?? '')) byName.delete('accept');
  return Object.fromEntries(byName);
}
