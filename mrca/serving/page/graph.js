// Draws facts as a graph, with Cytoscape: a box for each entity, an arrow for each pair with its relations.

const FONT = "system-ui, sans-serif";
const NAME_SIZE = 13;
const RELATION_SIZE = 12;
const LINE = 1.3; // from one line of text to the next, in sizes of letters
const TRIES = 16; // arrangements, with more and more room: the first in which no text hides another
const measure = document.createElement("canvas").getContext("2d");
let drawing = null;

/** What is drawn now, as Cytoscape has it, or null. */
export const drawn = () => drawing;

/**
 * Draw facts into an element as wide as its parent, in place of what is drawn there.
 *
 * `facts` are `{subject, relation, object}`; `colourOf` gives the colour of an entity by its name.
 */
export function drawGraph(box, facts, colourOf) {
  drawing?.destroy();
  const names = [...new Set(facts.flatMap(({ subject, object }) => [subject, object]))];
  const narrow = box.clientWidth < 480;
  const relations = new Map(); // by pair
  for (const { subject, relation, object } of facts) {
    const pair = `${names.indexOf(subject)} ${names.indexOf(object)}`;
    relations.set(pair, [...(relations.get(pair) ?? []), relation]);
  }
  drawing = cytoscape({
    container: box,
    elements: [
      ...names.map((name, i) => ({ data: { id: `${i}`, name, ...entity(name, narrow), colour: colourOf(name) } })),
      ...[...relations].map(([pair, told]) => {
        const [source, target] = pair.split(" ");
        return { data: { source, target, relations: told, ...text(told, RELATION_SIZE) } };
      }),
    ],
    style: styles(getComputedStyle(box)),
    userZoomingEnabled: false, // the wheel and a finger move the page
    userPanningEnabled: false,
    boxSelectionEnabled: false,
    autounselectify: true,
  });
  arrange(box, narrow);
  box.setAttribute("role", "img");
}

/** Place the entities so that no text hides another, or as few as can be. */
function arrange(box, narrow) {
  const nodes = drawing.nodes();
  let best = null;
  for (let attempt = 0; attempt < TRIES && best?.hidden !== 0; attempt += 1) {
    nodes.positions((_, i) => {
      const angle = 2 * Math.PI * ((i * (1 + (attempt % 3))) / nodes.length + attempt / TRIES);
      return { x: (narrow ? 120 : 260) * Math.cos(angle), y: 160 * Math.sin(angle) };
    });
    drawing
      .layout({
        name: "cose",
        animate: false,
        randomize: false,
        fit: false,
        nodeRepulsion: () => 3000 + 1500 * attempt,
        componentSpacing: 30,
        nodeOverlap: 40,
        gravity: narrow ? 1.2 : 0.6,
        idealEdgeLength: (edge) => (narrow ? 30 : 50) + edge.data("width"),
      })
      .run();
    const hidden = overlaps();
    if (!best || hidden < best.hidden) best = { hidden, positions: nodes.map((node) => ({ ...node.position() })) };
  }
  nodes.positions((_, i) => best.positions[i]);
  fitInto(box);
}

/** Give the element the height that the drawing needs, and show all of it. */
function fitInto(box) {
  const { w, h } = drawing.elements().boundingBox();
  const zoom = Math.min(1, box.clientWidth / (w + 24));
  box.style.height = `${Math.ceil(Math.min(h * zoom + 24, 560))}px`;
  drawing.resize();
  drawing.fit(undefined, 12);
  if (drawing.zoom() > 1) drawing.zoom(1);
  drawing.center();
}

/** How many pairs of boxes and relations lie on each other. */
function overlaps() {
  const only = { includeNodes: false, includeEdges: false, includeOverlays: false };
  const boxes = [
    ...drawing.nodes().map((node) => node.boundingBox({ includeOverlays: false })),
    ...drawing.edges().map((edge) => edge.boundingBox({ ...only, includeLabels: true })),
  ];
  const over = (a, b) => a.x1 < b.x2 && b.x1 < a.x2 && a.y1 < b.y2 && b.y1 < a.y2;
  return boxes.flatMap((a, i) => boxes.slice(i + 1).filter((b) => over(a, b))).length;
}

function entity(name, narrow) {
  const { width, height, ...rest } = text(wrapped(name, narrow ? 110 : 170), NAME_SIZE);
  return { ...rest, width: width + 20, height: height + 12 };
}

function text(lines, size) {
  measure.font = `600 ${size}px ${FONT}`;
  const width = Math.max(...lines.map((line) => measure.measureText(line).width));
  return { label: lines.join("\n"), width: Math.ceil(width), height: lines.length * size * LINE };
}

/** A name in at most three lines. */
function wrapped(name, width) {
  measure.font = `600 ${NAME_SIZE}px ${FONT}`;
  const lines = [];
  for (const word of name.split(" ")) {
    const longer = lines.length ? `${lines.at(-1)} ${word}` : word;
    if (lines.length && (lines.length === 3 || measure.measureText(longer).width <= width)) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.map((line) => (line.length > 40 ? `${line.slice(0, 39)}…` : line));
}

function styles(page) {
  const of = (name) => page.getPropertyValue(`--${name}`).trim();
  return [
    {
      selector: "node",
      style: {
        shape: "round-rectangle",
        width: "data(width)",
        height: "data(height)",
        label: "data(label)",
        "text-wrap": "wrap",
        "text-valign": "center",
        "font-family": FONT,
        "font-size": NAME_SIZE,
        "font-weight": 600,
        "line-height": LINE,
        color: of("text"),
        "background-color": "data(colour)",
        "background-opacity": 0.16,
        "border-color": "data(colour)",
        "border-width": 1.5,
      },
    },
    {
      selector: "edge",
      style: {
        label: "data(label)",
        "text-wrap": "wrap",
        "font-family": FONT,
        "font-size": RELATION_SIZE,
        "line-height": LINE,
        color: of("good"),
        "text-background-color": of("card"),
        "text-background-opacity": 1,
        "text-background-padding": 2,
        width: 1.5,
        "line-color": of("quiet"),
        "target-arrow-color": of("quiet"),
        "target-arrow-shape": "triangle",
        "curve-style": "bezier",
        "control-point-step-size": 60,
      },
    },
  ];
}
