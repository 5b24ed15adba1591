// Keeps what an adaptive schedule has learned in a file, for the next start: counts of durations, and nothing of any one operation.
import {readFile, writeFile} from 'node:fs/promises';
import {type AdaptiveSchedule, schedules} from 'operation-poller';

export async function openLearned(file: string): Promise<{schedule: AdaptiveSchedule; keep: () => Promise<void>}> {
  const text = readFile(file, 'utf8');
  const learned = await text.then(JSON.parse).catch(() => undefined); // missing, or cut off: it learns anew
  const schedule = schedules.adaptive({learned});
  return {schedule, keep: () => writeFile(file, JSON.stringify(schedule))};
}
