/** No answer that tells of one operation is longer than this, in bytes. */
export const longestBody: number = 1024 * 1024;

/**
 * Reads an answer's body as text, up to so many bytes, {@link longestBody} unless told otherwise.
 *
 * @returns the text, or `undefined` when the body is longer: then it is given up, so that the connection closes
 */
export async function readBody(response: Response, longest: number = longestBody): Promise<string | undefined> {
  const {headers} = response;
  const length = headers.get('content-length');
  // HTTP bounds a body by the length it announces, unless the length is that of a compressed one. Its stream is not so much
  // as looked at: some make it when it is.
  const isShort = length !== null && Number(length) <= longest && !headers.has('content-encoding');
  const body = isShort ? null : response.body;
  if (body === null) {
    const text = await response.text();
    return text.length <= longest ? text : undefined;
  }
  const reader: ReadableStreamDefaultReader<Uint8Array> = body.getReader();
  const decoder = new TextDecoder();
  let bytes = 0;
  let text = '';
  for (;;) {
    const {done, value} = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.byteLength;
    if (bytes > longest) {
      giveUp(reader);
      return undefined;
    }
    text += decoder.decode(value, {stream: true});
  }
}

/** Gives a body up that nobody reads. */
export function giveUp(body: {cancel(): Promise<void>} | null): void {
  // What was sent of it may be broken, which is of no interest any more.
  body?.cancel().catch(() => undefined);
}
