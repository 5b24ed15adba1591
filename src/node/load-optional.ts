/**
 * Loads an optional package when it is first needed: others who import the module that uses it need not have it.
 *
 * @param user what needs it
 * @param load a call of `require` with the name as it stands, which bundlers look for
 * @throws Error that says how to install it
 */
export function loadOptional<Package>(user: string, name: string, load: () => Package): Package {
  try {
    return load();
  } catch (cause) {
    const code: unknown = Object(cause).code;
    const isMissing = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
    const why = isMissing ? `is not installed: npm install ${name}` : 'could not be loaded';
    throw new Error(`${user}: the package ${name} ${why}`, {cause});
  }
}
