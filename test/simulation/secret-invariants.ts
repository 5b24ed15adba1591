import type {Check} from './check.ts';
import {containsText} from './contains-text.ts';
import {readMemoryOf} from './facts.ts';
import {markerOf, passwordOf} from './service.ts';
import type {World} from './world.ts';

/** No event, error, resume token or record holds a token. */
function secretIn(whole: unknown, {plan}: World): string | undefined {
  return containsText(whole, markerOf(plan.seed))
    ? `the token is in ${JSON.stringify(whole).slice(0, 300)}`
    : undefined;
}

export const keepsTheSecretInEvents: Check<'event'> = ({whole}, world) =>
  world.hasEchoes ? secretIn(whole, world) : undefined;

export const keepsTheSecretInOutcomes: Check<'over'> = ({outcome}, world) => secretIn(outcome.whole, world);

export const keepsTheSecretInHandOvers: Check<'hand over'> = ({outcome}, world) => secretIn(outcome.whole, world);

/** The new password is handed over once the service has said that its reset has succeeded, and the right one. */
export const handsOverThePassword: Check<'password'> = ({operation, password, error}, world, facts) => {
  const {endRead} = readMemoryOf(facts);
  if (password === undefined)
    return endRead === 'succeeded' ? 'no password, though the reset has succeeded' : secretIn(error, world);
  if (password !== passwordOf(world.plan.seed, operation)) return `the new password is ${password}`;
  return endRead === 'succeeded' ? undefined : `a password, but the service said ${endRead ?? 'no end'}`;
};

export const keepsTheSecretInErrors: Check<'not started'> = ({whole}, world) => secretIn(whole, world);

export const keepsTheSecretInCancels: Check<'cancel over'> = ({error}, world) => secretIn(error, world);

export const keepsTheSecretInStores: Check<'stored'> = ({whole}, world) =>
  world.hasEchoes ? secretIn(whole, world) : undefined;
