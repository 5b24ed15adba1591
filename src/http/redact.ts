const maxTextLength = 200;

/** Text from outside, shortened and without the token, which a server may send back. */
export function redact(text: string, token: string | undefined): string {
  return (containsSecret(text, token) ? text.replaceAll(token, '[token]') : text).slice(0, maxTextLength);
}

// Shorter ones are no secrets, and would be found inside ordinary words.
const minSecretLength = 8;

/** Whether a text from outside contains the token. */
export function containsSecret(text: string, token: string | undefined): token is string {
  return token !== undefined && token.length >= minSecretLength && text.includes(token);
}
