// Shows the drawing, and the facts of an entity that is pointed at or chosen.

const MOST_WRITTEN = 20; // relations at a time, of a drawing that does not write them all
const READABLE = 0.7; // pixels to a point of the drawing, at least, where names can be read
const NEAR = 1.1; // the same where they are read with ease
const INK = "#1f1f1f";
const { nodes, arrows, detailed, sizes } = JSON.parse(document.getElementById("data").textContent);
const at = (id) => document.getElementById(id);
let chosen = null;
let kind = null;

const font = { "font-family": '"DejaVu Sans", Verdana, system-ui, sans-serif', "text-wrap": "wrap", "line-height": sizes.line };
const written = { label: "data(label)" };
const cy = cytoscape({
  container: at("drawing"),
  layout: { name: "preset" },
  minZoom: 0.05,
  maxZoom: 8,
  boxSelectionEnabled: false,
  autounselectify: true,
  elements: [
    ...nodes.map(({ x, y, ...node }, i) => ({ data: { id: `n${i}`, ...node }, position: { x, y } })),
    ...arrows.map(({ start, end, ...arrow }, i) => ({
      data: { id: `a${i}`, source: `n${start}`, target: `n${end}`, ...arrow, dx: arrow.aside[0], dy: arrow.aside[1] },
      classes: start === end ? "loop" : "",
    })),
  ],
  style: [
    {
      selector: "node",
      style: {
        ...font,
        ...written,
        width: "data(width)",
        height: "data(height)",
        shape: detailed ? "round-rectangle" : "ellipse",
        "font-size": sizes.name,
        "text-valign": detailed ? "center" : "bottom",
        "text-margin-y": detailed ? 0 : 1,
        color: INK,
        "background-color": "data(fill)",
        "border-color": "data(line)",
        "border-width": detailed ? 1.2 : 0,
        ...(detailed ? {} : { "text-outline-color": "#fff", "text-outline-width": 1.5 }),
      },
    },
    {
      selector: "edge",
      style: {
        ...font,
        ...(detailed ? written : {}),
        "font-size": sizes.relation,
        color: "#3f454f",
        "text-background-color": "#fff",
        "text-background-opacity": 1,
        "text-background-padding": 1,
        "text-margin-x": "data(dx)",
        "text-margin-y": "data(dy)",
        width: detailed ? 1.1 : 0.7,
        opacity: detailed ? 1 : 0.55,
        "line-color": "#8a8f98",
        "target-arrow-color": "#6b7078",
        "target-arrow-shape": "triangle",
        "arrow-scale": detailed ? 0.7 : 0.5,
        "curve-style": "unbundled-bezier",
        "edge-distances": "node-position",
        "control-point-distances": "data(bend)",
        "control-point-weights": "data(along)",
      },
    },
    { selector: "edge.loop", style: { "curve-style": "bezier" } },
    { selector: ".far", style: { opacity: 0.1 } },
    { selector: "edge.near", style: { opacity: 1, "line-color": INK, "target-arrow-color": INK } },
    { selector: "edge.told", style: { ...written, opacity: 1 } },
    { selector: "node.chosen", style: { "border-width": 2.5, "border-color": INK } },
  ],
});
const entities = nodes.map((_, i) => cy.getElementById(`n${i}`));

// === The view ===

/** Show the surroundings of an entity, near enough for names to be read. */
function goTo(node) {
  cy.zoom(Math.max(cy.zoom(), NEAR));
  cy.center(entities[node]);
}

function zoom(factor) {
  cy.zoom({ level: cy.zoom() * factor, renderedPosition: { x: cy.width() / 2, y: cy.height() / 2 } });
}

at("closer").addEventListener("click", () => zoom(1 / 0.7));
at("farther").addEventListener("click", () => zoom(0.7));
at("whole").addEventListener("click", () => cy.fit(undefined, 14));

// === What stands out ===

function highlight(node) {
  const all = cy.elements().removeClass("far near told chosen");
  if (chosen !== null) entities[chosen].addClass("chosen");
  if (node !== null) {
    const around = entities[node].closedNeighborhood();
    all.not(around).addClass("far");
    const edges = around.edges().addClass("near");
    // More relations than these would hide each other; the list has them.
    if (edges.length <= MOST_WRITTEN) edges.addClass("told");
  } else if (kind !== null) {
    all.not(cy.nodes().filter((each) => each.data("type") === kind)).addClass("far");
  }
}

function choose(node) {
  chosen = node;
  highlight(node);
  at("chosen").textContent = node === null ? "" : nodes[node].name;
  at("about").textContent = node === null ? "" : [nodes[node].type, nodes[node].iri].filter(Boolean).join(" · ");
  at("hint").hidden = node !== null;
  at("facts").replaceChildren(...(node === null ? [] : factsOf(node)));
}

function factsOf(node) {
  return arrows.filter(({ start, end }) => start === node || end === node).flatMap(({ start, end, relations }) =>
    relations.map(([relation, count, score]) => {
      const item = document.createElement("li");
      const other = document.createElement("button");
      const far = start === node ? end : start;
      other.textContent = nodes[far].name;
      other.addEventListener("click", () => {
        choose(far);
        goTo(far);
      });
      const times = document.createElement("small");
      times.textContent = ` ${count === 1 ? "once" : `${count} times`}, score ${score}`;
      item.append(...(start === node ? [`${relation} → `, other] : [other, ` → ${relation}`]), times);
      return item;
    }),
  );
}

const numberOf = (node) => Number(node.id().slice(1));
cy.on("mouseover", "node", ({ target }) => { if (chosen === null) highlight(numberOf(target)); });
cy.on("mouseout", "node", () => highlight(chosen));
cy.on("mouseover", "edge", ({ target }) => target.addClass("told"));
cy.on("mouseout", "edge", () => highlight(chosen));
cy.on("tap", ({ target }) => {
  if (target === cy) choose(null);
  else if (target.isNode()) choose(numberOf(target) === chosen ? null : numberOf(target));
});

at("search").addEventListener("input", ({ target }) => {
  const words = target.value.trim().toLowerCase();
  const names = nodes.map(({ name }) => name.toLowerCase());
  const exact = names.indexOf(words);
  const found = exact >= 0 ? exact : names.findIndex((name) => name.includes(words));
  choose(words && found >= 0 ? found : null);
  if (chosen !== null) goTo(chosen);
});

document.querySelectorAll("#legend button").forEach((button) => {
  button.addEventListener("click", () => {
    kind = kind === button.value ? null : button.value;
    document.querySelectorAll("#legend button").forEach((each) => {
      each.setAttribute("aria-pressed", each.value === kind);
    });
    choose(null);
  });
});

// A drawing whose names cannot be read as a whole begins where most is to be seen.
cy.fit(undefined, 14);
if (cy.zoom() > 1.6) cy.zoom(1.6).center();
if (cy.zoom() < READABLE) {
  const most = cy.nodes().max((node) => node.degree());
  goTo(numberOf(most.ele));
}
