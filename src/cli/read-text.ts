import {constants, open} from 'node:fs';
import {readFile, stat} from 'node:fs/promises';
import {Socket} from 'node:net';
import {addAbortSignal} from 'node:stream';
import {promisify} from 'node:util';

/** The longest text that is read from a pipe, in bytes. */
export const maxPipedBytes: number = 1024 * 1024;

/**
 * Reads a file, or a pipe to its end: nothing more comes from that. A byte order mark, which editors on Windows write, is left out.
 *
 * @throws the signal's reason, or what the system says
 */
export async function readText(
  path: string,
  signal: AbortSignal,
): Promise<{readonly text: string; readonly isPipe: boolean}> {
  const isPipe = (await stat(path)).isFIFO();
  const text = isPipe ? await readPipe(path, signal) : await readFile(path, {encoding: 'utf8', signal});
  return {text: text.replace(/^\uFEFF/, ''), isPipe};
}

/**
 * Reads a named pipe, or one that a shell made for `<(…)`. `readFile` would wait for a writer in a thread that nothing can
 * interrupt, not even the end of the process.
 */
async function readPipe(path: string, signal: AbortSignal): Promise<string> {
  const fd = await promisify(open)(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const pipe = addAbortSignal(signal, new Socket({fd, readable: true, writable: false}));
  let text = '';
  for await (const chunk of pipe.setEncoding('utf8')) {
    text += chunk;
    if (text.length > maxPipedBytes) break;
  }
  return text;
}
