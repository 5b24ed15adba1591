// A plot as SVG: for each row, the shares of operations that had ended by p10, p50 and p90, beside what each promises.

const width = 880;
const rowHeight = 24;
const margin = {left: 400, right: 20, top: 34, bottom: 30};
const promised = [10, 50, 90];
const across = (percent: number): number => margin.left + (percent / 100) * (width - margin.left - margin.right);

/** Draws the rows below each other. Legible on light and dark. */
export function calibrationPlot(rows: readonly {readonly title: string; readonly shares: readonly number[]}[]): string {
  const height = margin.top + rows.length * rowHeight + margin.bottom;
  const bottom = height - margin.bottom;
  const bands = promised.map(
    (percent) =>
      `<rect x="${across(percent - 5)}" y="${margin.top}" width="${across(5) - across(0)}" height="${bottom - margin.top}"/>` +
      `<line x1="${across(percent)}" x2="${across(percent)}" y1="${margin.top}" y2="${bottom}"/>` +
      `<text x="${across(percent)}" y="${bottom + 16}" text-anchor="middle">${percent} %</text>`,
  );
  const drawn = rows.map(({title, shares}, index) => {
    const y = margin.top + (index + 0.5) * rowHeight;
    const dots = shares.map((share) => `<circle cx="${across(share).toFixed(1)}" cy="${y}" r="4"/>`);
    return `<text x="${margin.left - 14}" y="${y + 4}" text-anchor="end">${title}</text>${dots.join('')}`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">`,
    '<title>How often an operation had ended by p10, p50 and p90 of its estimate</title>',
    '<style>text{fill:#57606a}.title{font-size:13px}line{stroke:#8b949e;stroke-opacity:.6}rect{fill:#8b949e;fill-opacity:.15}',
    'circle{fill:#2563eb}@media (prefers-color-scheme: dark){text{fill:#c9d1d9}circle{fill:#60a5fa}}</style>',
    `<text class="title" x="${margin.left}" y="20">ended by p10, p50 and p90; the bands are 5 points to each side</text>`,
    ...bands,
    ...drawn,
    '</svg>\n',
  ].join('\n');
}
