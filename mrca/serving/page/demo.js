// The page: a sentence goes to the model as it is typed and marked, and what the model says is shown.

import { element } from "./element.js";
import { EXAMPLES } from "./examples.js";
import { entityPairs, predictedFacts, predictionLine } from "./facts.js";
import { Marker } from "./marker.js";
import { Model, ServerError } from "./model.js";
import { bestFirst, drawFacts, problemInWords, showRelations } from "./results.js";
import { KINDS, Sentence } from "./sentence.js";

const PAUSE = 250; // milliseconds without typing before the model is asked
const MOST_PAIRS = 200; // that the model is asked about

const part = (id) => document.getElementById(id);
const sentence = new Sentence("");
const marker = new Marker(part("words"), sentence, { changed: () => ask(), selected: showButtons });
let model = null;
let asking = new AbortController();
let timer = null;
let facts = [];

// === Ask ===

/** Ask the model anew, after a pause; what was asked before is forgotten. */
function ask(pause = 0) {
  asking.abort();
  clearTimeout(timer);
  asking = new AbortController();
  const { signal } = asking;
  document.body.classList.add("waiting");
  showEntities();
  timer = setTimeout(() => answer(signal), pause);
}

async function answer(signal) {
  try {
    model ??= await Model.load(signal);
    showModel();
    const started = performance.now();
    const [whole] = await model.predict([sentence.marked()], signal);
    showWhole(whole, performance.now() - started);
    const { held } = bestFirst(whole);
    const again = performance.now();
    const { pairs, count } = entityPairs(sentence, MOST_PAIRS);
    const asked = held.length ? pairs : [];
    const answers = await model.predict(asked.map((pair) => pair.text), signal);
    showFacts(asked, count, held, answers, performance.now() - again);
    part("error").hidden = true;
    document.body.classList.remove("waiting");
  } catch (error) {
    if (!signal.aborted) showError(error);
  }
}

// === Show ===

function showModel() {
  const { name, version, relations } = model;
  document.title = `${name} · mrca demo`;
  part("model").textContent = `${name}, version ${version} · ${counted(relations.length, "relation")}`;
}

function showWhole(whole, took) {
  const empty = whole.problem === "no words";
  const held = empty ? 0 : showRelations(part("relations"), model.relations, whole);
  if (empty) part("relations").replaceChildren();
  let problem = problemInWords(whole.problem);
  if (!problem && !sentence.marks.length) {
    problem = "Nothing is marked yet: these relations are a guess. Mark who or what the sentence is about.";
  }
  part("problem").textContent = problem;
  part("problem").hidden = !problem;
  const hold = held === 1 ? "holds" : "hold";
  part("status").textContent = empty
    ? ""
    : `${held} of ${model.relations.length} ${hold} · ${Math.round(took)} ms`;
}

function showFacts(asked, count, held, answers, took) {
  facts = asked.length
    ? predictedFacts(model.relations, [...held].sort((a, b) => a - b), asked, answers)
    : [];
  part("json").hidden = true;
  part("copied").textContent = "";
  part("found").hidden = !facts.length;
  if (facts.length) drawFacts(part("facts"), part("drawing"), facts);
  let said = `${counted(facts.length, "fact")} in ${counted(asked.length, "pair")} · ${Math.round(took)} ms`;
  if (asked.length < count) said += ` · only the first ${asked.length} of ${count} pairs were asked about`;
  if (!count) said = "Mark a subject and another object.";
  else if (!facts.length) said = "No relation holds in this sentence.";
  part("facts-status").textContent = said;
}

function showError(error) {
  if (!(error instanceof ServerError)) console.error(error);
  part("error-text").textContent =
    error instanceof ServerError ? error.message : `The page failed: ${error.message}`;
  part("error").hidden = false;
  showNothing();
}

/** Forget what was said of the sentence before. */
function showNothing() {
  facts = [];
  part("relations").replaceChildren();
  part("facts").replaceChildren();
  part("drawing").replaceChildren();
  part("problem").hidden = true;
  part("found").hidden = true;
  part("json").hidden = true;
  part("json").textContent = "";
  for (const name of ["status", "facts-status", "copied"]) part(name).textContent = "";
  document.body.classList.remove("waiting");
}

function showButtons() {
  for (const kind of KINDS) part(`mark-${kind}`).disabled = marker.selection === null;
}

/** Every entity with two switches: whether it is a subject, and whether an object. */
function showEntities() {
  const focused = document.activeElement?.dataset.toggle;
  const marked = Object.fromEntries(KINDS.map((kind) => [kind, sentence.entities(kind)]));
  const names = new Set(sentence.marks.map((mark) => sentence.name(mark)));
  part("entities").replaceChildren(
    ...[...names].map((name) =>
      element(
        "li",
        {},
        element("span", { className: "entity" }, name),
        ...KINDS.map((kind) => toggle(kind, name, marked[kind].has(name))),
      ),
    ),
  );
  const again = [...part("entities").querySelectorAll("button")];
  if (focused) (again.find((each) => each.dataset.toggle === focused) ?? part("words")).focus();
  part("clear").disabled = !sentence.marks.length;
}

function toggle(kind, name, pressed) {
  const [word, className] = kind === "s" ? ["subject", "subject"] : ["object", "object"];
  const button = element(
    "button",
    { type: "button", className, dataset: { toggle: `${kind} ${name}` }, ariaPressed: String(pressed) },
    word,
  );
  button.ariaLabel = `${name}: ${word}`;
  button.addEventListener("click", () => {
    if (pressed) sentence.removeEntity(kind, name);
    else sentence.markAll(kind, name.split(" "));
    marker.render();
    ask();
  });
  return button;
}

function counted(count, name) {
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}

// === Listen ===

part("sentence").addEventListener("input", () => {
  sentence.edit(part("sentence").value);
  marker.render();
  ask(PAUSE);
});

// Words may as well be selected where they are typed.
document.addEventListener("selectionchange", () => {
  const { selectionStart, selectionEnd, value } = part("sentence");
  if (document.activeElement !== part("sentence") || value !== sentence.text) return;
  const span = selectionStart < selectionEnd ? sentence.span(selectionStart, selectionEnd) : null;
  if (span) marker.select(span.start, span.end - 1);
  else marker.select(null);
});

for (const kind of KINDS) {
  part(`mark-${kind}`).addEventListener("mousedown", (event) => event.preventDefault());
  part(`mark-${kind}`).addEventListener("click", () => marker.toggle(kind));
}
part("clear").addEventListener("click", () => {
  marker.remove(sentence.marks);
  part("words").focus();
});
part("retry").addEventListener("click", () => ask());

part("copy").addEventListener("click", async () => {
  const json = JSON.stringify(predictionLine(facts));
  try {
    await navigator.clipboard.writeText(json);
    part("copied").textContent = "Copied.";
  } catch {
    part("copied").textContent = "The browser does not let this page copy. Here it is:";
    part("json").textContent = json;
    part("json").hidden = false;
  }
});

new ResizeObserver(() => {
  if (facts.length) drawFacts(part("facts"), part("drawing"), facts);
}).observe(part("graph"));

function load(example) {
  sentence.load(example);
  part("sentence").value = sentence.text;
  marker.select(null);
  marker.render();
  ask();
}

part("examples").append(
  ...EXAMPLES.map((example) => {
    const button = element("button", { type: "button", className: "plain" }, example.title);
    button.addEventListener("click", () => load(example));
    return button;
  }),
);
load(EXAMPLES[0]);
