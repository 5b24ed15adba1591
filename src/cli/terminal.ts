// Control characters, and those that turn the direction of writing: in a terminal they do what they say.
const unsafe = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069\u200e\u200f]/gu;

/** A text of somebody else's, safe in a terminal: each character that would command it becomes its JSON escape. */
export function visible(text: string): string {
  return text.replaceAll(unsafe, escaped);
}

/** A value as one line of JSON, with nothing in it that commands a terminal. */
export function jsonLine(value: unknown): string {
  return visible(JSON.stringify(value));
}

/** The same over several lines, for people. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, null, 2).split('\n').map(visible).join('\n');
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
