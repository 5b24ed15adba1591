import {styleText} from 'node:util';
import type {Output} from './shell.ts';

/** The styles the command uses. */
export type Style = 'plain' | 'good' | 'bad' | 'warning' | 'active' | 'faint';

/** Gives a text its colour, or leaves it as it is. */
export type Paint = (style: Style, text: string) => string;

const formats = {good: 'green', bad: 'red', warning: 'yellow', active: 'cyan', faint: 'dim'} as const;

/**
 * How to paint what goes to an output: in colours only on a terminal that has them, and not with `--no-color`.
 * `hasColors()` knows of `NO_COLOR`, `FORCE_COLOR` and `TERM`.
 */
export function painter(output: Output, wanted: boolean, env: object): Paint {
  const coloured = wanted && output.isTTY === true && output.hasColors?.(env) === true;
  return (style, text) =>
    coloured && style !== 'plain' ? styleText(formats[style], text, {validateStream: false}) : text;
}
