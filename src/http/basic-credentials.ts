import {decodeLocation} from '../shared/location.ts';
import type {Secrets} from './redact.ts';

/**
 * What a service knows of credentials that are `user:password` in base64, as the scheme `Basic` takes them: their decoded form, and
 * the password or, where that is empty, the user, which is a key then. Nothing where no text was encoded.
 */
export function basicSecrets(credentials: string): Secrets {
  try {
    const bytes = atob(credentials);
    // In a body they are UTF-8, in a header each of their bytes is a character.
    const secrets = [bytes, decodeLocation(bytes)].flatMap((text) => {
      // Without control characters: most of what is in base64 is no text.
      const [, user, password] = /^([ -9;-\uffff]*):?([ -\uffff]*)$/.exec(text) ?? [];
      return user === undefined ? [] : [text, password || user];
    });
    return [...new Set(secrets)];
  } catch {
    return [];
  }
}
