import type {Attributes} from '@opentelemetry/api';
import {attributeNames} from './names.ts';

const defaultPorts: Readonly<Record<string, number>> = {'http:': 80, 'https:': 443};

/** A request's URL, without query, fragment, user name and password. */
export function urlAttributes(url: string): Attributes {
  if (!URL.canParse(url)) return {};
  const {origin, pathname, protocol, hostname, port} = new URL(url);
  const portNumber = port === '' ? defaultPorts[protocol] : Number(port);
  return {
    [attributeNames.url]: origin + pathname,
    [attributeNames.host]: hostname,
    ...(portNumber === undefined ? {} : {[attributeNames.port]: portNumber}),
  };
}

export function responseAttributes(httpStatus: number | undefined, error: string | undefined): Attributes {
  return {
    ...(httpStatus === undefined ? {} : {[attributeNames.httpStatus]: httpStatus}),
    ...(error === undefined ? {} : {[attributeNames.error]: error}),
  };
}
