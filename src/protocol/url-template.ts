import {asText} from './as-text.ts';
import {type JsonPointer, type JsonPointers, pointerPaths, valueAt} from './pointer.ts';

/**
 * A URL with places of a response's body in it, as JSON pointers in braces: `{template: '/status/{/id}'}`. Their values, strings
 * or whole numbers, are percent-encoded.
 */
export interface UrlTemplate {
  readonly template: string;
}

/** A URL of a protocol: that of a template, or one that stands in the operation. */
export interface UrlPlace {
  readonly template?: string | undefined;
  readonly at?: JsonPointers | undefined;
}

/** The URI reference at a place of an operation's body, which may be anything. */
export function urlAt({template, at}: UrlPlace, body: unknown): unknown {
  return template === undefined ? valueAt(body, pointerPaths(at)) : fillTemplate(template, body);
}

/** The URI reference that a template makes of a body; `undefined` where a value is missing or cannot be part of a path. */
function fillTemplate(template: string, body: unknown): string | undefined {
  let isComplete = true;
  const filled = template.replace(/\{(\/[^{}]*)\}/g, (_, pointer: JsonPointer) => {
    const segment = encodeSegment(asText(valueAt(body, pointerPaths(pointer))));
    isComplete &&= segment !== undefined;
    return segment ?? '';
  });
  return isComplete ? filled : undefined;
}

/** A value as one segment of a URL's path, percent-encoded; `undefined` where it cannot be one. */
export function encodeSegment(value = ''): string | undefined {
  // URLs treat dots as path segments to resolve, even when they are percent-encoded.
  if (/^\.{0,2}$/.test(value)) return undefined;
  try {
    return encodeURIComponent(value);
  } catch {
    return undefined; // a lone surrogate
  }
}
