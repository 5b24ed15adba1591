import type {Attributes} from '@opentelemetry/api';
import {attributeNames} from './names.ts';

const ports: Readonly<Record<string, number>> = {'http:': 80, 'https:': 443};

/** What a request's attributes say of its URL: nothing of its query, its fragment or a user's name and password. */
export function urlAttributes(text: string, base?: string): Attributes {
  if (!URL.canParse(text, base)) return {};
  const {origin, pathname, protocol, hostname, port} = new URL(text, base);
  const known = port === '' ? ports[protocol] : Number(port);
  return {
    [attributeNames.url]: origin + pathname,
    [attributeNames.host]: hostname,
    ...(known === undefined ? {} : {[attributeNames.port]: known}),
  };
}
