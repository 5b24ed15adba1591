/** Reads an absolute http or https URL without user name and password; `undefined` for anything else. */
export function readLocation(text: string, base?: string): URL | undefined {
  if (!URL.canParse(text, base)) return undefined;
  const url = new URL(text, base);
  const isHttp = url.protocol === 'https:' || url.protocol === 'http:';
  return isHttp && url.username === '' && url.password === '' ? url : undefined;
}

const loopbackAddress = /^127(?:\.\d{1,3}){3}$/;

/** Whether a request to this URL cannot be read on its way: it goes over https, or does not leave the machine. */
export function isSecureOrLoopback(url: URL): boolean {
  if (url.protocol === 'https:') return true;
  const host = url.hostname;
  // Not `x.localhost`: the system may ask DNS for it.
  return host === 'localhost' || host === '[::1]' || loopbackAddress.test(host);
}

/**
 * A location as events, errors and logs may show it: unchanged on the origin that the token belongs to, without its query
 * anywhere else, where a signed query may be all it takes to read the operation.
 */
export function redactLocation(location: string, tokenOrigin: string): string {
  const url = new URL(location);
  return url.origin === tokenOrigin ? location : url.origin + url.pathname;
}
