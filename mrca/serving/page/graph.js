// Draws facts as a graph, with Cytoscape: a box for each entity, an arrow for each pair with its relations.

const FONT = "system-ui, sans-serif";
const NAME_SIZE = 13;
const RELATION_SIZE = 12;
const LINE = 1.3; // from one line of text to the next, in sizes of letters
const TRIES = 12; // arrangements; the first good one is shown, or the best
const GOOD = 1; // no text hides another, in letters of nearly full size
const SHIFTS = [0, 0.12, -0.12, 0.22, -0.22, 0.3, -0.3]; // of a relation along its arrow
const EDGE = 12; // pixels around the drawing
const HIGHEST = 540; // pixels of the drawing
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
        return { data: { source, target, ...text(told, RELATION_SIZE), dx: 0, dy: 0 } };
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
  for (let attempt = 0; attempt < TRIES && !(best?.bad < GOOD); attempt += 1) {
    nodes.positions((_, i) => {
      const angle = 2 * Math.PI * ((i * (1 + (attempt % 3))) / nodes.length + attempt / TRIES);
      return { x: (narrow ? 120 : 260) * Math.cos(angle), y: 160 * Math.sin(angle) };
    });
    const springs = {
      nodeRepulsion: () => 3000 + 1500 * attempt,
      componentSpacing: 30,
      nodeOverlap: 40,
      gravity: narrow ? 1.2 : 0.6,
      idealEdgeLength: (edge) => (narrow ? 30 : 50) + edge.data("width"),
    };
    drawing.layout({ name: "cose", animate: false, randomize: false, fit: false, ...springs }).run();
    const placed = nodes.map((node) => ({ ...node.position() }));
    for (const positions of [placed, placed.map(({ x, y }) => ({ x: y, y: x }))]) {
      nodes.positions((_, i) => positions[i]);
      // Small letters are as bad, and a wide drawing leaves more of the page to be seen than a high one.
      const bad = written() + 12 * (1 - zoomInto(box)) + drawing.elements().boundingBox().h / 1000;
      if (!best || bad < best.bad) best = { bad, positions };
    }
  }
  nodes.positions((_, i) => best.positions[i]);
  written();
  const { h } = drawing.elements().boundingBox();
  box.style.height = `${Math.ceil(h * zoomInto(box)) + 2 * EDGE}px`;
  drawing.resize();
  drawing.zoom(zoomInto(box));
  drawing.center();
}

/** By how much the drawing is made smaller for the room that there is. */
function zoomInto(box) {
  const { w, h } = drawing.elements().boundingBox();
  return Math.min(1, (box.clientWidth - 2 * EDGE) / w, HIGHEST / h);
}

/** Move relations along their arrows away from what they would hide; how much is hidden all the same. */
function written() {
  const over = (a, b) => a.x1 < b.x2 && b.x1 < a.x2 && a.y1 < b.y2 && b.y1 < a.y2;
  const taken = [];
  let hidden = 0;
  for (const node of drawing.nodes()) {
    const place = node.boundingBox();
    hidden += taken.filter((each) => over(each, place)).length;
    taken.push(place);
  }
  for (const edge of drawing.edges()) {
    const [from, to, middle] = [edge.source().position(), edge.target().position(), edge.midpoint()];
    const { width, height } = edge.data();
    const places = SHIFTS.map((shift) => {
      const [dx, dy] = [shift * (to.x - from.x), shift * (to.y - from.y)];
      const [x, y] = [middle.x + dx, middle.y + dy];
      const place = { x1: x - width / 2, x2: x + width / 2, y1: y - height / 2, y2: y + height / 2 };
      return { dx, dy, place, hidden: taken.filter((each) => over(each, place)).length };
    });
    const best = places.reduce((a, b) => (b.hidden < a.hidden ? b : a));
    edge.data({ dx: best.dx, dy: best.dy });
    hidden += best.hidden;
    taken.push(best.place);
  }
  return hidden;
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
        "text-margin-x": "data(dx)",
        "text-margin-y": "data(dy)",
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
