import process from 'node:process';

/**
 * A text as a word of a shell's command line, to be pasted: into a POSIX shell, or on Windows into PowerShell. In what is
 * quoted twice on Windows nothing is special to `cmd` either.
 */
export function quoted(text: string, platform: string = process.platform): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  if (platform !== 'win32') return `'${text.replaceAll("'", "'\\''")}'`;
  // PowerShell reads curly quotes as straight ones.
  return /["$`\u201c-\u201e]|\\$|^$/.test(text) ? `'${text.replaceAll(/['\u2018-\u201b]/g, '$&$&')}'` : `"${text}"`;
}

/** The command that puts a text into a variable of the environment, in the shell that {@link quoted} is for. */
export function assignment(name: string, value: string, platform: string = process.platform): string {
  return platform === 'win32' ? `$env:${name} = '${value}'` : `export ${name}=${value}`;
}
