const maxLength = 800;

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const control = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** A message that a terminal or a log can show: at most 800 characters, with control characters escaped. */
export function printable(message: string): string {
  const short = message.length > maxLength ? `${message.slice(0, maxLength)}…` : message;
  const escaped = short.replace(control, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  return escaped.length > maxLength ? `${escaped.slice(0, maxLength - 1)}…` : escaped;
}
