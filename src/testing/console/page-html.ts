import {createHash} from 'node:crypto';
import {type Modules, pageScript} from './module-files.ts';

/** The page, and what the browser may allow it. */
export interface Page {
  readonly html: string;
  /** Its Content-Security-Policy. */
  readonly policy: string;
}

/** The page's icon: three states of a machine. */
export const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<path d="M7 16h18" stroke="#64748b" stroke-width="3"/>
<circle cx="6" cy="16" r="5" fill="#64748b"/><circle cx="16" cy="16" r="5" fill="#2563eb"/><circle cx="26" cy="16" r="5" fill="#15803d"/>
</svg>
`;

/** Allows this server's scripts and the one import map. Nothing is loaded from elsewhere, and no text becomes HTML. */
function policyOf(hash: string): string {
  return [
    "default-src 'none'",
    `script-src 'self' 'sha256-${hash}'`,
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
}

const operations = `  <nav aria-labelledby="operations-heading">
    <h2 id="operations-heading">Operations</h2>
    <div class="new">
      <button type="button" id="new-by-hand" class="primary">New by hand</button>
      <button type="button" id="new-by-script">New by script</button>
    </div>
    <input type="search" id="filter" placeholder="Filter by id or status" aria-label="Filter the operations by id or status" hidden>
    <p id="count" class="hint" role="status"></p>
    <ol id="operations" reversed></ol>
    <p id="none" class="hint">None yet.</p>
  </nav>`;

/** The operation as its service has it, and the buttons that move it. */
const service = `        <section aria-labelledby="machine-heading">
          <h3 id="machine-heading">At the service</h3>
          <div id="machine"></div>
          <p id="next" class="next"></p>
          <div class="actions" role="group" aria-label="Move the operation">
            <button type="button" data-action="start">Start</button>
            <button type="button" data-action="succeed">Succeed</button>
            <button type="button" data-action="fail">Fail</button>
            <button type="button" data-action="cancel">Cancel</button>
            <button type="button" data-action="throttle" title="The next poll is answered 429 with Retry-After: 5">Throttle</button>
            <button type="button" data-action="lose" title="Half of the next answer is lost on the way">Lose</button>
            <button type="button" data-action="forget" title="Polls are answered 404 from now on">Forget</button>
          </div>
        </section>`;

/** The watch of the selected operation in the page. */
const watch = `        <section aria-labelledby="watch-heading">
          <h3 id="watch-heading">Watched in this page</h3>
          <p id="watch-text" class="hint"></p>
          <p id="estimate" class="hint" hidden><progress max="1" aria-labelledby="estimate-text"></progress> <span id="estimate-text"></span></p>
          <button type="button" id="watch">Watch</button>
          <ol id="watch-log" class="log" tabindex="0" aria-label="Events of the watch, the latest first"></ol>
        </section>`;

/** The timeline of the selected operation. */
const timeline = `      <section aria-labelledby="timeline-heading">
        <h3 id="timeline-heading">Timeline</h3>
        <div id="timeline"></div>
        <ul class="legend">
          <li><span class="mark ok"></span>poll</li>
          <li><span class="mark throttled"></span>throttled</li>
          <li><span class="mark trouble"></span>trouble</li>
          <li><span class="mark change"></span>change</li>
          <li><span class="mark wait"></span>wait</li>
        </ul>
      </section>`;

/** What happened to the selected operation, and its latest answer. */
const latest = `      <div class="halves">
        <section aria-labelledby="log-heading">
          <h3 id="log-heading">What happened</h3>
          <ol id="log" class="log" tabindex="0" aria-label="What happened, the latest first"></ol>
        </section>
        <section aria-labelledby="body-heading">
          <h3 id="body-heading">Latest answer</h3>
          <pre id="body" tabindex="0"></pre>
        </section>
      </div>`;

const detail = `    <div id="detail" hidden>
      <div class="head">
        <h2 id="title"></h2>
        <p id="status" class="badge"></p>
      </div>
      <code id="location" class="location"></code>
      <div class="copy">
        <button type="button" id="copy-location">Copy location</button>
        <button type="button" id="copy-command" title="The command that watches it in a terminal">Copy command</button>
      </div>
      <div class="halves">
${service}
${watch}
      </div>
${timeline}
${latest}
    </div>`;

/** The page of the emulator at this root. Its script fills in everything that changes. */
export function pageOf(root: string, {packages, problems}: Modules): Page {
  const imports = Object.fromEntries(
    [...packages].map(([each, {entry}]) => [each, `/console/modules/${each}/${entry}`]),
  );
  // Nothing in it can end the element early.
  const importMap = JSON.stringify({imports}).replaceAll('<', '\\u003c');
  const hash = createHash('sha256').update(importMap).digest('base64');
  const name = 'operation-poller';
  const script = packages.has(name)
    ? `<script type="module" src="/console/modules/${name}/${pageScript}"></script>`
    : '<!-- The script is missing. -->';
  const problem = problems.map((each) => `<p class="problem" role="alert">${escapeHtml(each)}</p>`).join('\n');
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Operations of the Graph emulator</title>
<link rel="icon" href="/console/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/console/style.css">
<script type="importmap">${importMap}</script>
${script}
</head>
<body>
<a class="skip" href="#operation">Skip to the operation</a>
<header>
  <h1>Graph emulator</h1>
  <code>${escapeHtml(root)}</code>
  <p id="connection" role="status" data-state="connecting">Connecting</p>
</header>
${problem}
<noscript><p class="problem">This page needs JavaScript.</p></noscript>
<div class="columns">
${operations}
  <main id="operation" tabindex="-1" aria-labelledby="title">
${beginning(escapeHtml(root))}
${detail}
  </main>
</div>
<p id="announcer" class="visually-hidden" role="status" aria-live="polite"></p>
</body>
</html>
`;
  return {html, policy: policyOf(hash)};
}

/** What is shown while no operation is selected. @param root escaped */
function beginning(root: string): string {
  return `    <section id="unselected" aria-labelledby="begin-heading">
      <h2 id="begin-heading">How to begin</h2>
      <ul>
        <li>Press “New by hand”, then move the operation by its buttons.</li>
        <li>Send your code to <code>${root}</code>: what it starts appears here.</li>
        <li>In a terminal: <code>npx operation-poller reset-password adele@contoso.com --root ${root} --token-env GRAPH_TOKEN</code></li>
      </ul>
    </section>`;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
