import {styleText} from 'node:util';
import {escapeControls} from '../shared/printable.ts';
import type {Output} from './shell.ts';

/** A value as one line of JSON, safe in a terminal. */
export function jsonLine(value: unknown): string {
  return escapeControls(JSON.stringify(value));
}

/** A value as JSON over several lines, for people, safe in a terminal. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, null, 2).split('\n').map(escapeControls).join('\n');
}

/** How many columns an output has; 80 where it does not say, or says 0 as many a pseudo-terminal does. */
export function columnsOf({columns}: Output): number {
  return columns || 80;
}

const formats = {good: 'green', bad: 'red', warning: 'yellow', active: 'cyan', faint: 'dim'} as const;

export type Style = 'plain' | keyof typeof formats;

/** Colors a string, or leaves it as it is. */
export type Colorize = (style: Style, text: string) => string;

/**
 * Colors for an output: only on a terminal that has them, and not with `--no-color`. `hasColors()` considers `NO_COLOR`,
 * `FORCE_COLOR` and `TERM`.
 */
export function colorsFor(output: Output, wanted: boolean, env: object): Colorize {
  const colored = wanted && output.isTTY === true && output.hasColors?.(env) === true;
  return (style, text) =>
    colored && style !== 'plain' ? styleText(formats[style], text, {validateStream: false}) : text;
}
