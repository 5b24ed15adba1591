import {longRunning} from './long-running.ts';
import {defineProtocol, type Protocol} from './protocol.ts';

/** The protocols that come with the library, and {@link defineProtocol} for a service of your own. */
export const protocols: {
  readonly longRunning: Protocol;
  readonly define: (protocol: Protocol) => Protocol;
} = {
  longRunning,
  define: defineProtocol,
};

const presets: ReadonlyMap<string, Protocol> = new Map([longRunning].map((protocol) => [protocol.name, protocol]));

/** The preset of that name, to which a resume token may refer. */
export function protocolNamed(name: string): Protocol | undefined {
  return presets.get(name);
}
