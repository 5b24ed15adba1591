/** The error where an optional package is needed and not installed. */
export function missingPackage(user: string, name: string, cause: unknown): Error {
  const code: unknown = Object(cause).code;
  const isMissing = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
  const why = isMissing ? `is not installed: npm install ${name}` : 'could not be loaded';
  return new Error(`${user}: the package ${name} ${why}`, {cause});
}
