import type {AnswerHeaders} from './answer.ts';

/** How the answer that starts an operation names it. */
export type LocationForm = 'absolute' | 'relative' | 'none';

/** The header that names a started operation. */
export function locationHeader(
  location: string,
  {root, header, form}: {readonly root: string; readonly header: string; readonly form: LocationForm},
): AnswerHeaders {
  if (form === 'none') return {};
  // Where Graph's locations are relative, they lack the version too.
  const relative = () => location.slice(root.length).replace(/^\/(?:v1\.0|beta)(?=\/)/, '');
  return {[header.toLowerCase()]: form === 'absolute' ? location : relative()};
}
