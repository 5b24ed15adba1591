import {compileFields} from './compile-fields.ts';
import {definePreset} from './define-preset.ts';
import type {Protocol, ProtocolFields} from './protocol.ts';

/** Defines a protocol of the catalogue: one that may have all fields, which the tests check. */
/* @__NO_SIDE_EFFECTS__ */ export function defineEntry<Result = unknown>(
  fields: ProtocolFields<Result>,
): Protocol<Result> {
  return definePreset(fields, compileFields);
}
