/** The longest body that is read by default, in bytes: no response about one operation is longer. */
export const defaultMaxBodyLength: number = 1024 * 1024;

/**
 * Reads a response's body as text, up to `maxLength` bytes.
 *
 * @returns the text, or `undefined` when the body is longer: then it is discarded, so that the connection closes
 */
export function readBody(response: Response, maxLength: number = defaultMaxBodyLength): Promise<string | undefined> {
  const {headers} = response;
  const length = headers.get('content-length');
  // HTTP limits a body to the length it announces, unless that is the length of a compressed one. The stream is not even
  // touched then: some implementations create it on access.
  const isShort = length !== null && Number(length) <= maxLength && !headers.has('content-encoding');
  const body = isShort ? null : response.body;
  // React Native's responses have no stream, nor do the objects that mocks of `fetch` return.
  return body
    ? readStream(body, maxLength)
    : response.text().then((text) => (text.length <= maxLength ? text : undefined));
}

async function readStream(body: ReadableStream<Uint8Array>, maxLength: number): Promise<string | undefined> {
  const reader: ReadableStreamDefaultReader<Uint8Array> = body.getReader();
  const decoder = new TextDecoder();
  let bytes = 0;
  let text = '';
  for (;;) {
    const {done, value} = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.byteLength;
    if (bytes > maxLength) {
      discardBody(reader);
      return undefined;
    }
    text += decoder.decode(value, {stream: true});
  }
}

/** Discards a body that is not needed. */
export function discardBody(body: {cancel(): Promise<void>} | null): void {
  // An error in the part that has arrived no longer matters.
  body?.cancel().catch(() => undefined);
}
