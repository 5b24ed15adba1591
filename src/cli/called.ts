import type {Shell} from './shell.ts';

/** How the command was called, for what is to be pasted: `npx` finds it where a shell does not. */
export function called({env}: Pick<Shell, 'env'>): string {
  return env['npm_command'] === 'exec' ? 'npx operation-poller' : 'operation-poller';
}
