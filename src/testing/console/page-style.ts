/** The page's style. The contrast of text and marks is 4.5:1 or more in both color schemes, that of the edges of controls 3:1. */
export const style = `
:root {
  color-scheme: light dark;
  --ground: #f6f7f9; --card: #ffffff; --line: #d5dae2; --control: #7c8798;
  --text: #172033; --dim: #566176; --accent: #1d4ed8; --on-accent: #ffffff;
  --notStarted: #566176; --running: #1d4ed8; --succeeded: #166534; --failed: #b42318; --canceled: #8a4b08; --other: #6b21a8;
  --on-status: #ffffff; --wait: #dbe4f5; --wait-edge: #7c8fb5; --warn-ground: #fff4e0; --warn: #7a4100;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", Consolas, monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0f141d; --card: #171e2a; --line: #2d3747; --control: #7786a0;
    --text: #e6eaf2; --dim: #a3afc2; --accent: #8ab4ff; --on-accent: #0b1424;
    --notStarted: #a3afc2; --running: #8ab4ff; --succeeded: #6fd69b; --failed: #ff9a8f; --canceled: #f1b96b; --other: #d3a8ff;
    --on-status: #0b1424; --wait: #26344d; --wait-edge: #6f86b3; --warn-ground: #33270f; --warn: #f6c873;
  }
}
.notStarted, [data-state=notStarted] { --status: var(--notStarted); }
.running, [data-state=running] { --status: var(--running); }
.succeeded, [data-state=succeeded] { --status: var(--succeeded); }
.failed, [data-state=failed] { --status: var(--failed); }
.canceled, [data-state=canceled] { --status: var(--canceled); }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0; background: var(--ground); color: var(--text); font: 15px/1.45 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
h1, h2, h3, p, ol, ul, pre { margin: 0; padding: 0; }
h1 { font-size: 1.15rem; }
h2 { font-size: 1.05rem; overflow-wrap: anywhere; }
h3 { font-size: .8rem; color: var(--dim); text-transform: uppercase; letter-spacing: .05em; margin-bottom: .6rem; }
ol, ul { list-style: none; }
code, pre, .log { font-family: var(--mono); font-size: .8rem; }
.hint { color: var(--dim); }
.visually-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: -999px; }
.skip:focus { left: .5rem; top: .5rem; z-index: 1; padding: .4rem .8rem; background: var(--card); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 6px; }
main:focus { outline: none; }
header { display: flex; flex-wrap: wrap; align-items: center; gap: .3rem 1rem; padding: .7rem 1.2rem; background: var(--card); border-bottom: 1px solid var(--line); }
header code { color: var(--dim); }
#connection { margin-left: auto; font-size: .85rem; color: var(--dim); }
#connection::before { content: ""; display: inline-block; width: .6rem; height: .6rem; margin-right: .4rem; border-radius: 50%; background: var(--canceled); }
#connection[data-state=open]::before { background: var(--succeeded); }
#connection[data-state=closed]::before { background: var(--failed); }
.problem { margin: 1rem 1.2rem 0; padding: .6rem .9rem; border-left: 4px solid var(--warn); background: var(--warn-ground); color: var(--warn); }
.columns { display: grid; grid-template-columns: minmax(15rem, 19rem) minmax(0, 1fr); gap: 1.2rem; padding: 1.2rem; max-width: 90rem; margin: auto; }
nav > * + * { margin-top: .8rem; }
.new { display: flex; flex-wrap: wrap; gap: .5rem; }
button { font: inherit; font-size: .88rem; padding: .38rem .75rem; border: 1px solid var(--control); border-radius: 7px; background: var(--card); color: var(--text); cursor: pointer; transition: background .12s, border-color .12s; }
button:hover { border-color: var(--accent); background: color-mix(in srgb, var(--accent) 9%, var(--card)); }
button.primary { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
button.primary:hover { background: color-mix(in srgb, var(--accent) 86%, var(--text)); }
button[aria-disabled=true] { border-style: dashed; border-color: var(--line); color: var(--dim); background: none; cursor: not-allowed; }
#filter { width: 100%; font: inherit; font-size: .88rem; padding: .38rem .6rem; border: 1px solid var(--control); border-radius: 7px; background: var(--card); color: var(--text); }
#count { font-size: .85rem; }
#count:empty, #operations:empty { display: none; }
#unselected li { margin-top: .6rem; overflow-wrap: anywhere; }
#estimate { margin-top: .4rem; font-size: .88rem; }
progress { width: 8rem; accent-color: var(--accent); vertical-align: middle; }
.copy { display: flex; flex-wrap: wrap; gap: .4rem; }
#detail > .copy { margin-top: .5rem; }
.copy button[data-copied]::after { content: " ✓"; }
#operations { max-height: calc(100vh - 13rem); overflow: auto; padding: 4px; margin-inline: -4px; }
#operations li + li { margin-top: .35rem; }
#operations button { display: flex; justify-content: space-between; gap: .6rem; align-items: center; width: 100%; text-align: left; border-color: var(--line); }
#operations button[aria-current=true] { border-color: var(--accent); box-shadow: inset 3px 0 var(--accent); }
#operations .id { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font-family: var(--mono); font-size: .8rem; }
.badge { flex: none; padding: .05rem .55rem; border-radius: 99px; font-size: .78rem; font-weight: 600; background: var(--status, var(--other)); color: var(--on-status); max-width: 12rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
#detail > * + * { margin-top: 1rem; }
.head { display: flex; align-items: center; gap: .8rem; flex-wrap: wrap; }
#detail > .location { display: block; margin-top: .2rem; color: var(--dim); overflow-wrap: anywhere; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: .9rem 1rem; min-width: 0; }
.halves { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 1rem; }
.halves > section { display: flex; flex-direction: column; }
.next { font-size: .88rem; color: var(--dim); margin: .5rem 0 .8rem; }
.actions { display: flex; flex-wrap: wrap; gap: .4rem; }
#watch { align-self: start; margin: .5rem 0 .7rem; }
.log { height: 14rem; overflow: auto; border-top: 1px solid var(--line); }
.log li { display: grid; grid-template-columns: 4.6rem 1fr; gap: .7rem; padding: .22rem 0; border-bottom: 1px solid color-mix(in srgb, var(--line) 55%, transparent); overflow-wrap: anywhere; }
.log .time { color: var(--dim); text-align: right; font-variant-numeric: tabular-nums; }
.log .strong { font-weight: 700; }
.log .trouble { color: var(--failed); }
.log .throttled { color: var(--canceled); }
.log:empty { display: none; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; max-height: 14rem; overflow: auto; }
svg { display: block; width: 100%; height: auto; font-family: inherit; }
#machine svg { max-width: 34rem; margin: auto; }
.edge { fill: none; stroke: var(--control); stroke-width: 1.3; opacity: .65; }
.edge.taken { stroke: var(--text); stroke-width: 2; opacity: 1; }
.arrow { fill: var(--control); }
.arrow.taken { fill: var(--text); }
.node rect { fill: var(--card); stroke: var(--control); stroke-width: 1.3; transition: fill .2s, stroke .2s; }
.node text { fill: var(--dim); font-size: 13px; text-anchor: middle; dominant-baseline: central; transition: fill .2s; }
.node .ring { fill: none; stroke: none; }
.node.seen .ring { stroke: var(--text); stroke-width: 1.6; stroke-dasharray: 4 3; }
.node.lit text { fill: var(--on-status); font-weight: 700; }
.node.lit rect.box { fill: var(--status); stroke: var(--status); }
#timeline text { font-size: 12px; fill: var(--dim); }
#timeline .grid { stroke: var(--line); stroke-width: 1; }
#timeline .bar { fill: var(--status, var(--other)); }
#timeline .bar.wait { fill: var(--wait); stroke: var(--wait-edge); stroke-width: 1; }
#timeline .bar.throttle { fill: var(--wait); stroke: var(--canceled); stroke-width: 1.5; }
#timeline text.on-bar { fill: var(--on-status); font-weight: 600; }
#timeline text.on-wait { fill: var(--text); font-size: 11px; }
#timeline .mark.ok { fill: var(--running); stroke: var(--card); }
#timeline .mark.throttled { fill: var(--canceled); }
#timeline .mark.trouble { fill: none; stroke: var(--failed); stroke-width: 2.2; }
#timeline .mark.change { fill: var(--card); stroke: var(--text); stroke-width: 1.8; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; margin-top: .5rem; font-size: .8rem; color: var(--dim); }
.legend .mark { display: inline-block; width: .65rem; height: .65rem; margin-right: .35rem; }
.legend .ok { border-radius: 50%; background: var(--running); }
.legend .throttled { background: var(--canceled); clip-path: polygon(50% 0, 100% 100%, 0 100%); }
.legend .trouble { background: var(--failed); clip-path: polygon(20% 0, 50% 30%, 80% 0, 100% 20%, 70% 50%, 100% 80%, 80% 100%, 50% 70%, 20% 100%, 0 80%, 30% 50%, 0 20%); }
.legend .change { border: 2px solid var(--text); transform: rotate(45deg) scale(.8); }
.legend .wait { width: 1.3rem; background: var(--wait); border: 1px solid var(--wait-edge); border-radius: 3px; }
@media (max-width: 60rem) {
  .halves { grid-template-columns: minmax(0, 1fr); }
}
@media (max-width: 44rem) {
  .columns { grid-template-columns: minmax(0, 1fr); padding: .8rem; }
  #operations { max-height: 12rem; }
  header { padding: .6rem .8rem; }
}
@media (prefers-reduced-motion: reduce) {
  *, *::before, *::after { transition: none !important; animation: none !important; scroll-behavior: auto !important; }
}
@media (forced-colors: active) {
  :root {
    --card: Canvas; --line: CanvasText; --control: CanvasText; --text: CanvasText; --dim: CanvasText; --accent: Highlight;
    --notStarted: Highlight; --running: Highlight; --succeeded: Highlight; --failed: Highlight; --canceled: Highlight; --other: Highlight;
    --on-status: HighlightText; --wait: Canvas; --wait-edge: CanvasText;
  }
  #timeline .bar { stroke: CanvasText; }
  .badge { border: 1px solid CanvasText; background: Canvas !important; color: CanvasText; }
  button.primary { background: ButtonFace; border-width: 2px; color: ButtonText; }
  .legend .mark, #connection::before { forced-color-adjust: none; }
  .node.lit .box { stroke-width: 4; }
  .edge { opacity: 1; }
  button[aria-disabled=true] { color: GrayText; border-color: GrayText; }
  #operations button[aria-current=true] { border-width: 3px; }
}
`;
