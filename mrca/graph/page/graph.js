// Moves and zooms the drawing, and shows the facts of an entity that is pointed at or chosen.

const MOST_WRITTEN = 20; // relations at a time
const READABLE = 1.4; // points of the drawing to a pixel, at most, where names can be read
const NEAR = 0.9; // the same where they are read with ease
const { nodes, arrows } = JSON.parse(document.getElementById("data").textContent);
const at = (id) => document.getElementById(id);
const svg = document.querySelector("figure svg");
const nodeElements = [...svg.querySelectorAll(".node")];
const arrowElements = [...svg.querySelectorAll(".arrow")];
const whole = svg.getAttribute("viewBox").split(" ").map(Number);
let view = [...whole];
let chosen = null;
let kind = null;

// === The view ===

function show(next) {
  view = next;
  svg.setAttribute("viewBox", view.join(" "));
}

/** Points of the drawing to one pixel. */
function scale() {
  const { width, height } = svg.getBoundingClientRect();
  return Math.max(view[2] / width, view[3] / height);
}

/** Show the surroundings of a node, near enough for names to be read. */
function goTo(node) {
  const { width, height } = svg.getBoundingClientRect();
  const by = Math.min(scale(), NEAR);
  show([nodes[node].x - (width * by) / 2, nodes[node].y - (height * by) / 2, width * by, height * by]);
}

function place(event) {
  const point = new DOMPoint(event.clientX, event.clientY);
  return point.matrixTransform(svg.getScreenCTM().inverse());
}

function zoom(factor, { x, y } = { x: view[0] + view[2] / 2, y: view[1] + view[3] / 2 }) {
  const size = Math.min(Math.max(view[2] * factor, whole[2] / 60), whole[2] * 3);
  const by = size / view[2];
  show([x - (x - view[0]) * by, y - (y - view[1]) * by, size, view[3] * by]);
}

svg.addEventListener("wheel", (event) => {
  event.preventDefault();
  zoom(Math.exp(event.deltaY * 0.0015), place(event));
}, { passive: false });

let drag = null;
svg.addEventListener("pointerdown", (event) => {
  drag = { x: event.clientX, y: event.clientY, moved: false };
});
window.addEventListener("pointermove", (event) => {
  if (!drag) return;
  const [dx, dy] = [event.clientX - drag.x, event.clientY - drag.y];
  if (!drag.moved && Math.hypot(dx, dy) < 4) return;
  const by = scale();
  show([view[0] - dx * by, view[1] - dy * by, view[2], view[3]]);
  drag = { x: event.clientX, y: event.clientY, moved: true };
});
window.addEventListener("pointerup", () => {
  // A click comes after this.
  const moved = drag?.moved;
  setTimeout(() => { drag = null; }, 0);
  if (!moved) drag = null;
});

at("closer").addEventListener("click", () => zoom(0.7));
at("farther").addEventListener("click", () => zoom(1 / 0.7));
at("whole").addEventListener("click", () => show([...whole]));

// === What stands out ===

function near(node) {
  const around = new Set([node]);
  arrows.forEach(({ start, end }, i) => {
    const touches = start === node || end === node;
    arrowElements[i].classList.toggle("near", touches);
    if (touches) around.add(start).add(end);
  });
  return around;
}

function highlight(node) {
  const of = kind === null ? null : (i) => nodes[i].type === kind;
  const around = node === null ? null : near(node);
  svg.classList.toggle("focus", around !== null || of !== null);
  nodeElements.forEach((element, i) => {
    element.classList.toggle("near", around ? around.has(i) : of !== null && of(i));
    element.classList.toggle("chosen", i === chosen);
  });
  // More relations than these would hide each other; the list has them.
  const written = svg.querySelectorAll(".arrow.near").length;
  svg.classList.toggle("few", around !== null && written <= MOST_WRITTEN);
  if (around === null) arrowElements.forEach((element) => element.classList.remove("near"));
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

nodeElements.forEach((element, i) => {
  element.addEventListener("mouseenter", () => { if (!drag && chosen === null) highlight(i); });
  element.addEventListener("mouseleave", () => { if (!drag) highlight(chosen); });
  element.addEventListener("click", (event) => {
    event.stopPropagation();
    if (!drag?.moved) choose(i === chosen ? null : i);
  });
});
svg.addEventListener("click", () => { if (!drag?.moved) choose(null); });

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
if (scale() > READABLE) {
  const facts = nodes.map(() => 0);
  arrows.forEach(({ start, end }) => [start, end].forEach((node) => { facts[node] += 1; }));
  goTo(facts.indexOf(Math.max(...facts)));
}
