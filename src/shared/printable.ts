const maxLength = 800;

// Control characters, and those that change the direction of writing: a terminal obeys them.
const unsafe = /[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** Makes a string from outside safe to show: each character that a terminal would obey becomes its JSON escape. */
export function escapeControls(text: string): string {
  return text.replaceAll(unsafe, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A message that a terminal or a log can show: at most 800 characters, with control characters escaped. */
export function printable(message: string): string {
  const escaped = escapeControls(message.slice(0, maxLength + 1));
  return escaped.length > maxLength ? `${escaped.slice(0, maxLength - 1)}…` : escaped;
}
