import {edges, machineSize, nodeSize, nodes, type State} from './machine-view.ts';
import type {Mark, Timeline} from './timeline.ts';

const namespace = 'http://www.w3.org/2000/svg';

/** What is highlighted in the drawing of a machine. */
export interface Highlights {
  /** The state at the service; `undefined` if the drawing has no state for the status. */
  readonly state: State | undefined;
  /** The state before that, if it was a different one. */
  readonly previous: State | undefined;
  /** The state that the watch in the page last saw. */
  readonly seen: State | undefined;
  /** The same as text. */
  readonly title: string;
}

export function drawMachine({state, previous, seen, title}: Highlights): SVGElement {
  const taken = ({from, to}: {from: State; to: State}): string => (from === previous && to === state ? ' taken' : '');
  return picture(machineSize, title, [
    element('defs', {}, ['', ' taken'].map(drawArrow)),
    ...edges.map((edge) =>
      element('path', {class: `edge${taken(edge)}`, d: edge.path, 'marker-end': `url(#arrow${taken(edge).trim()})`}),
    ),
    ...nodes.map(({state: own, x, y}) => {
      const {width, height} = nodeSize;
      const kinds = ['node', own, own === state && 'lit', own === seen && 'seen'].filter((kind) => kind !== false);
      return element('g', {class: kinds.join(' ')}, [
        element('rect', {class: 'ring', x: x - 5, y: y - 5, width: width + 10, height: height + 10, rx: 14}),
        element('rect', {class: 'box', x, y, width, height, rx: 10}),
        element('text', {x: x + width / 2, y: y + height / 2}, [own]),
      ]);
    }),
  ]);
}

function drawArrow(kind: string): SVGElement {
  const size = {viewBox: '0 0 8 8', refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, markerUnits: 'userSpaceOnUse'};
  const path = element('path', {class: `arrow${kind}`, d: 'M0 0L8 4L0 8z'});
  return element('marker', {id: `arrow${kind.trim()}`, ...size, orient: 'auto'}, [path]);
}

/** Draws a timeline. The logs say the same as text. */
export function drawTimeline({width, height, lanes, ticks, bars, marks}: Timeline): SVGElement {
  return picture({width, height}, `Timeline: ${marks.length} events; the logs list them as text`, [
    ...ticks.flatMap(({x, label}) => [
      element('line', {class: 'grid', x1: x, x2: x, y1: 2, y2: height - 20}),
      // The last label would be cut off at the edge.
      element('text', {x, y: height - 6, 'text-anchor': x > width - 20 ? 'end' : 'middle'}, [label]),
    ]),
    ...lanes.map(({y, label}) => element('text', {x: 0, y, 'dominant-baseline': 'central'}, [label])),
    ...bars.map(({label, labelX, kind, title, ...box}) => {
      const bar = [element('title', {}, [title]), element('rect', {class: `bar ${kind}`, rx: 4, ...box})];
      if (labelX === undefined) return element('g', {}, bar);
      const place = {x: labelX, y: box.y + box.height / 2, 'dominant-baseline': 'central'};
      const on = kind === 'wait' || kind === 'throttle' ? 'on-wait' : 'on-bar';
      return element('g', {}, [...bar, element('text', {class: on, ...place}, [label])]);
    }),
    ...marks.map(drawMark),
  ]);
}

/** Each kind has a shape of its own: color alone is not enough. */
function drawMark({x, y, kind, title}: Mark): SVGElement {
  const paths = {
    ok: 'M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0z',
    throttled: 'M0 -5.5L6 5H-6z',
    trouble: 'M-4.5 -4.5L4.5 4.5M-4.5 4.5L4.5 -4.5',
    change: 'M0 -6L6 0L0 6L-6 0z',
  };
  return element('g', {transform: `translate(${x} ${y})`}, [
    element('title', {}, [title]),
    element('path', {class: `mark ${kind}`, d: paths[kind]}),
  ]);
}

function picture(
  {width, height}: {readonly width: number; readonly height: number},
  title: string,
  children: ReadonlyArray<SVGElement>,
): SVGElement {
  return element('svg', {viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': title}, children);
}

/** Sets attributes and text only, so that nothing is parsed as HTML. */
function element(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  children: ReadonlyArray<SVGElement | string> = [],
): SVGElement {
  const made = document.createElementNS(namespace, name) as SVGElement;
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, String(value));
  made.append(...children);
  return made;
}
