const units: Readonly<Record<string, number>> = {ms: 1, s: 1000, m: 60_000, h: 3_600_000};

/**
 * Parses a duration: a whole or decimal number and its unit, `ms`, `s`, `m` or `h`.
 *
 * @returns milliseconds, at least 1; `undefined` for anything else
 */
export function parseDuration(text: string): number | undefined {
  const [, number = '', unit = ''] = /^(\d{1,9}(?:\.\d{1,9})?)(ms|s|m|h)$/.exec(text) ?? [];
  const milliseconds = Math.round(Number(number) * (units[unit] ?? 0));
  return milliseconds >= 1 ? milliseconds : undefined;
}

/** Formats milliseconds as whole seconds, minutes and hours: `7s`, `2m 05s`, `1h 02m 05s`; less than a second as `400ms`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds >= 1 && milliseconds < 1000) return `${Math.round(milliseconds)}ms`;
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const shown = parts.slice(parts.findIndex((part, index) => part > 0 || index === 2));
  const names = ['h', 'm', 's'].slice(-shown.length);
  return shown.map((part, index) => `${index === 0 ? part : String(part).padStart(2, '0')}${names[index]}`).join(' ');
}

/** Rounds an elapsed time down to whole seconds, so that what is shown changes once a second. */
export function floorToSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000) * 1000;
}

/** Rounds a time that is left up to whole seconds. */
export function ceilToSeconds(milliseconds: number): number {
  return Math.ceil(milliseconds / 1000) * 1000;
}
