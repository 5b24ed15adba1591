import type {Facts} from './facts.ts';
import type {Happening, Sent} from './happenings.ts';
import type {World} from './world.ts';

/** A check of one kind of happening, before it is counted: says what is wrong, or nothing. */
export type Check<Is extends Happening['is'] = Happening['is']> = (
  happening: Extract<Happening, {readonly is: Is}>,
  world: World,
  facts: Facts,
) => string | undefined;

/** A check of any request, also one that starts an operation. */
export type RequestCheck = (request: Sent, world: World, facts: Facts) => string | undefined;
