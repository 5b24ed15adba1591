import {InvalidArgumentError} from 'commander';
import {anthropicBatches} from '../catalog/anthropic-batches.ts';
import {assemblyaiTranscripts} from '../catalog/assemblyai-transcripts.ts';
import {databricksStatements} from '../catalog/databricks-statements.ts';
import {falQueue} from '../catalog/fal-queue.ts';
import {openaiBatches} from '../catalog/openai-batches.ts';
import {replicatePredictions} from '../catalog/replicate-predictions.ts';
import {runpodJobs} from '../catalog/runpod-jobs.ts';
import {runwayTasks} from '../catalog/runway-tasks.ts';
import {snowflakeStatements} from '../catalog/snowflake-statements.ts';
import {stripeReportRuns} from '../catalog/stripe-report-runs.ts';
import {defineProtocol} from '../protocol/define-protocol.ts';
import {listPresets} from '../protocol/presets.ts';
import type {Protocol} from '../protocol/protocol.ts';
import {escapeControls} from '../shared/printable.ts';
import {CliError, errorCode} from './cli-error.ts';
import {readText} from './read-text.ts';
import type {Shell} from './shell.ts';

/** What `--protocol` takes: the presets and the catalogue. */
export const namedProtocols: readonly Protocol[] = [
  ...listPresets(),
  anthropicBatches,
  assemblyaiTranscripts,
  databricksStatements,
  falQueue,
  openaiBatches,
  replicatePredictions,
  runpodJobs,
  runwayTasks,
  snowflakeStatements,
  stripeReportRuns,
];

export function findProtocol(wanted: string): Protocol | undefined {
  return namedProtocols.find(({name}) => name === wanted);
}

/** The protocol that `--protocol` names. @throws InvalidArgumentError */
export function readProtocol(name: string): Protocol {
  const protocol = findProtocol(name);
  if (protocol !== undefined) return protocol;
  const similar = similarNames(name);
  const isFew = similar.length > 0 && similar.length <= maxSuggestions;
  throw new InvalidArgumentError(
    isFew ? `Did you mean ${similar.join(' or ')}?` : '"operation-poller protocols" lists them.',
  );
}

const maxSuggestions = 4;

/** The names that begin so, with or without their family; where there are none, the one that is spelled most like it. */
function similarNames(name: string): readonly string[] {
  const names = namedProtocols.map((other) => other.name);
  const begins = (text: string): boolean => text.toLowerCase().startsWith(name.toLowerCase());
  const completed = name.length < 3 ? [] : names.filter((other) => begins(other) || begins(ownName(other)));
  if (completed.length > 0) return completed;
  const own = mostSimilar(name, names.map(ownName));
  const similar = mostSimilar(name, names) ?? names.find((other) => ownName(other) === own);
  return similar === undefined ? [] : [similar];
}

/** The candidate that a misspelled word most likely means; `undefined` if none is close. Case does not matter. */
function mostSimilar(word: string, candidates: readonly string[]): string | undefined {
  const distances = candidates.map((candidate) => editDistance(word.toLowerCase(), candidate.toLowerCase()));
  const least = Math.min(...distances);
  // Two in five letters may be wrong.
  return least <= word.length * 0.4 ? candidates[distances.indexOf(least)] : undefined;
}

/** How many letters must be inserted, left out or replaced: Levenshtein's distance. */
function editDistance(from: string, to: string): number {
  let row = Array.from({length: to.length + 1}, (_, index) => index);
  for (const [line, letter] of [...from].entries()) {
    const next = [line + 1];
    for (const [column, other] of [...to].entries()) {
      const replaced = (row[column] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

/** A name without its family. */
function ownName(name: string): string {
  return name.slice(name.indexOf('.') + 1);
}

/** The protocol that a file of `--protocol-file` has as JSON. @throws CliError */
export async function readProtocolFile(path: string, {signal}: Pick<Shell, 'signal'>): Promise<Protocol> {
  try {
    return defineProtocol(JSON.parse((await readText(path, signal)).text));
  } catch (error) {
    signal.throwIfAborted();
    // Node's own message repeats the path, a parser's shows some of the file.
    const isInvalid = error instanceof TypeError || error instanceof RangeError;
    const unread = error instanceof SyntaxError ? 'It is not JSON' : `It cannot be read (${errorCode(error)})`;
    const why = isInvalid ? error.message : unread;
    const option = "option '--protocol-file <file>'";
    throw new CliError(
      `${option} argument '${escapeControls(path)}' is invalid. ${why}.`,
      'See operation-poller watch --help.',
    );
  }
}
