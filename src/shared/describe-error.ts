/** What was thrown, in short; by its shape, because an error may come from another realm; its type alone where it cannot be read. */
export function describeError(error: unknown): string {
  try {
    const {name = 'Error', message}: {readonly name?: unknown; readonly message?: unknown} = Object(error);
    if (message !== undefined) return `${String(name)}: ${String(message)}`;
  } catch {
    // Its type has to do.
  }
  return typeof error;
}

/** The message of an error, or what else was thrown as text. @param otherwise in place of what is no error. Default its text */
export function messageOf(thrown: unknown, otherwise?: string): string {
  try {
    return thrown instanceof Error ? String(thrown.message) : (otherwise ?? String(thrown));
  } catch {
    return otherwise ?? typeof thrown;
  }
}
