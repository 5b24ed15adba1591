// A plot as SVG: for each distribution a panel, requests (across) against delay (up), both logarithmic. Legible on light and dark.
import type {Point} from './schedule-optimum.ts';

export interface Curve {
  readonly name: string;
  readonly points: readonly Point[];
  /** Whether only those points are drawn that no other point beats in both. */
  readonly hull?: boolean;
}

const width = 440;
const height = 250;
const margin = {left: 52, right: 14, top: 30, bottom: 36};
const colours = ['#c2410c', '#b08900', '#2563eb', '#15803d'];
const dashes = ['', '6 3', '', '2 3'];
const requestRange = [0.9, 40] as const;
const delayRange = [100, 60_000] as const;

function scale(value: number, [from, to]: readonly [number, number], length: number): number {
  return (Math.log(Math.min(to, Math.max(from, value)) / from) / Math.log(to / from)) * length;
}

const across = (requests: number): number =>
  margin.left + scale(requests, requestRange, width - margin.left - margin.right);
const up = (delay: number): number =>
  height - margin.bottom - scale(delay, delayRange, height - margin.top - margin.bottom);

function path({points, hull}: Curve): string {
  const shown = points
    .filter(({requests, delay}) => requests <= requestRange[1] && delay >= delayRange[0] && delay <= delayRange[1])
    .filter(
      (point) =>
        hull !== true ||
        !points.some((other) => other !== point && other.requests <= point.requests && other.delay <= point.delay),
    )
    .sort((a, b) => a.requests - b.requests);
  return shown.map(({requests, delay}) => `${across(requests).toFixed(1)},${up(delay).toFixed(1)}`).join(' ');
}

function panel(title: string, curves: readonly Curve[]): string {
  const lines = [1, 2, 5, 10, 20].map(
    (requests) =>
      `<line class="grid" x1="${across(requests)}" x2="${across(requests)}" y1="${margin.top}" y2="${height - margin.bottom}"/>` +
      `<text x="${across(requests)}" y="${height - margin.bottom + 13}" text-anchor="middle">${requests}</text>`,
  );
  for (const delay of [100, 1000, 10_000]) {
    lines.push(
      `<line class="grid" x1="${margin.left}" x2="${width - margin.right}" y1="${up(delay)}" y2="${up(delay)}"/>` +
        `<text x="${margin.left - 5}" y="${up(delay) + 4}" text-anchor="end">${delay / 1000} s</text>`,
    );
  }
  const drawn = curves.map(
    (curve, index) =>
      `<polyline points="${path(curve)}" stroke="${colours[index]}" stroke-dasharray="${dashes[index]}"/>`,
  );
  return [
    `<text class="title" x="${margin.left}" y="18">${title}</text>`,
    ...lines,
    ...drawn,
    `<text x="${(margin.left + width) / 2}" y="${height - 6}" text-anchor="middle">requests per operation</text>`,
  ].join('\n');
}

/** Draws the panels, two in a row, and the legend in the place after the last. */
export function plot(panels: readonly {readonly title: string; readonly curves: readonly Curve[]}[]): string {
  const place = (index: number): string => `translate(${(index % 2) * width} ${Math.floor(index / 2) * height})`;
  const legend = (panels[0]?.curves ?? []).map(
    ({name}, index) =>
      `<polyline points="60,${60 + index * 24} 100,${60 + index * 24}" stroke="${colours[index]}" stroke-dasharray="${dashes[index]}"/>` +
      `<text x="110" y="${64 + index * 24}">${name}</text>`,
  );
  const rows = Math.ceil((panels.length + 1) / 2);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${2 * width} ${rows * height}" font-family="sans-serif" font-size="11">`,
    '<title>Requests per operation against the mean delay of detection, by schedule</title>',
    '<style>text{fill:#57606a}.title{font-size:13px}.grid{stroke:#8b949e;stroke-opacity:.3}polyline{fill:none;stroke-width:2}',
    '@media (prefers-color-scheme: dark){text{fill:#c9d1d9}}</style>',
    ...panels.map(({title, curves}, index) => `<g transform="${place(index)}">\n${panel(title, curves)}\n</g>`),
    `<g transform="${place(panels.length)}">\n<text class="title" x="60" y="36">mean delay of detection (up) by schedule</text>`,
    ...legend,
    '</g>\n</svg>\n',
  ].join('\n');
}
