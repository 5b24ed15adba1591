/** The error of an option that is of another kind than it takes. */
export function expected(name: string, takes: string, got: string): TypeError {
  return new TypeError(`${name}: expected ${takes}, got ${got}`);
}

/** What a number may be. */
export interface NumberRange {
  /** What it is. Default a number. */
  readonly takes?: string;
  /** Default 0. */
  readonly least?: number;
  /** Default: without end. */
  readonly most?: number;
  /** What stands between what it is and from where on. Default nothing. */
  readonly comma?: ',' | '';
  /** Shows what is no number. */
  readonly show?: (value: unknown) => string;
}

/**
 * Checks an option that is a number.
 *
 * @throws TypeError or RangeError that names the option, what it takes and what it got
 */
export function checkNumber(name: string, value: unknown, range: NumberRange = {}): asserts value is number {
  const {takes = 'a number', least = 0, most = Number.POSITIVE_INFINITY, comma = '', show = String} = range;
  if (typeof value !== 'number') throw expected(name, takes, show(value));
  if (value >= least && value <= most) return;
  throw new RangeError(`${name}: expected ${takes}${comma} from ${least} on, got ${value}`);
}
