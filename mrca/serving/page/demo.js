// The page: a sentence goes to the model as it is typed and marked, and what the model says is shown.

import { element } from "./element.js";
import { entityPairs, foundFacts, predictedFacts, predictionLine } from "./facts.js";
import { drawGraph } from "./graph.js";
import { KIND_NAMES, Marker } from "./marker.js";
import { Model, ServerError } from "./model.js";
import { bestFirst, problemInWords, showFacts, showRelations } from "./results.js";
import { Sentence } from "./sentence.js";

const PAUSE = 250; // milliseconds without typing before the model is asked
const SLOW = 300; // milliseconds after which it is said that an answer is awaited
const MOST_PAIRS = 200; // that a model of whole texts is asked about
// Okabe and Ito's and others, as in the pictures of `mrca graph show`.
const COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#B8860B", "#56B4E9", "#7F3C8D", "#8C564B"];
const GREY = "#6B6B6B";

const part = (id) => document.getElementById(id);
let model, sentence, marker; // from when the server has said what it serves
let asking = new AbortController();
let timer = null;
let facts = [];
let example = null; // that is to be read next

// === Begin ===

async function start() {
  part("error").hidden = true;
  try {
    model = await Model.load(asking.signal);
  } catch (error) {
    showError(error);
    return;
  }
  const kinds = model.pairs ? ["e"] : ["s", "o"];
  sentence = new Sentence(kinds);
  const changed = () => ask();
  marker = new Marker(part("words"), sentence, { changed, selected: showButtons, mark, colourOf });
  showModel();
  listen();
  if (model.examples.length) load(model.examples[0]);
  else ask();
}

/** The colour of a type. */
function colourOf(type) {
  const place = model.types.indexOf(type);
  return place < 0 ? (model.types.length ? GREY : COLOURS[0]) : (COLOURS[place] ?? GREY);
}

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
  const slow = setTimeout(() => {
    for (const name of ["status", "facts-status"]) part(name).textContent = "Asking …";
  }, SLOW);
  signal.addEventListener("abort", () => clearTimeout(slow));
  try {
    await read(signal);
    await (model.pairs ? askForFacts(signal) : askForRelations(signal));
    part("error").hidden = true;
    document.body.classList.remove("waiting");
  } catch (error) {
    if (!signal.aborted) showError(error);
  } finally {
    clearTimeout(slow);
  }
}

/** Have the words of what was typed or chosen. */
async function read(signal) {
  const text = part("sentence").value;
  if (!example && text === sentence.text) return;
  const words = await model.words(text, signal);
  if (example) sentence.load(example, words);
  else sentence.edit(text, words);
  example = null;
  marker.render();
  showEntities();
}

async function askForFacts(signal) {
  const started = performance.now();
  const [answer] = await model.predict([sentence.marked()], signal);
  showProblem(answer.problem);
  const found = foundFacts(answer, sentence);
  const took = Math.round(performance.now() - started);
  const entities = sentence.entities("e").size;
  let said = `${counted(found.length, "fact")} between ${counted(entities, "entity", "entities")} · ${took} ms`;
  if (entities < 2) said = "";
  else if (!found.length) said = "The model finds no fact between these entities.";
  showFound(found, said);
}

async function askForRelations(signal) {
  const started = performance.now();
  const [whole] = await model.predict([sentence.marked()], signal);
  showWhole(whole, performance.now() - started);
  const { held } = bestFirst(whole);
  const again = performance.now();
  const { pairs, count } = entityPairs(sentence, MOST_PAIRS);
  const asked = held.length ? pairs : [];
  const answers = await model.predict(asked.map((pair) => pair.text), signal);
  const found = asked.length
    ? predictedFacts(model.relations, [...held].sort((a, b) => a - b), asked, answers)
    : [];
  const took = Math.round(performance.now() - again);
  let said = `${counted(found.length, "fact")} in ${counted(asked.length, "pair")} · ${took} ms`;
  if (asked.length < count) said += ` · only the first ${asked.length} of ${count} pairs were asked about`;
  if (!count) said = "Mark a subject and another object.";
  else if (!found.length) said = "No relation holds in this sentence.";
  showFound(found, said);
}

// === Show ===

function showModel() {
  const { name, version, relations, pairs, types, examples } = model;
  document.title = `${name} · mrca demo`;
  document.body.classList.toggle("pairs", pairs);
  part("model").textContent = `${name}, version ${version} · ${counted(relations.length, "relation")}`;
  part("title").textContent = pairs ? "Who is related to whom?" : "Which relations hold?";
  part("help-keys").replaceChildren(
    ...sentence.kinds.flatMap((kind, i) => [
      i ? ", " : "",
      element("kbd", {}, kind.toUpperCase()),
      ` for ${kind === "s" ? "a" : "an"} ${KIND_NAMES[kind]}`,
    ]),
  );
  part("mark").replaceChildren(
    ...sentence.kinds.map((kind) => {
      const label = `${KIND_NAMES[kind][0].toUpperCase()}${KIND_NAMES[kind].slice(1)} `;
      const key = element("kbd", {}, kind.toUpperCase());
      const button = element("button", { type: "button", id: `mark-${kind}`, className: KIND_NAMES[kind] }, label, key);
      button.addEventListener("mousedown", (event) => event.preventDefault());
      button.addEventListener("click", () => mark(kind));
      return button;
    }),
  );
  part("words").setAttribute("aria-keyshortcuts", [...sentence.kinds, "delete"].join(" ").toUpperCase());
  part("type").replaceChildren(...types.map((type) => element("option", {}, type)));
  part("type-label").hidden = !types.length;
  part("examples").hidden = !examples.length;
  part("examples").append(
    ...examples.map((example) => {
      const button = element("button", { type: "button", className: "plain" }, shortened(example.text));
      button.addEventListener("click", () => load(example));
      return button;
    }),
  );
  showButtons();
}

function showProblem(problem, otherwise = "") {
  const said = problemInWords(problem) || otherwise;
  part("problem").textContent = said;
  part("problem").hidden = !said;
}

function showWhole(whole, took) {
  const empty = whole.problem === "no words";
  const held = empty ? 0 : showRelations(part("relations"), model.relations, whole);
  if (empty) part("relations").replaceChildren();
  const unmarked = "Nothing is marked yet: these relations are a guess. Mark who or what the sentence is about.";
  showProblem(whole.problem, sentence.marks.length ? "" : unmarked);
  const hold = held === 1 ? "holds" : "hold";
  part("status").textContent = empty
    ? ""
    : `${held} of ${model.relations.length} ${hold} · ${Math.round(took)} ms`;
}

function showFound(found, said) {
  facts = found;
  part("json").hidden = true;
  part("copied").textContent = "";
  part("found").hidden = !facts.length;
  part("facts-status").textContent = said;
  showFacts(part("facts"), facts);
  draw();
}

function draw() {
  if (!facts.length) return;
  const types = new Map(facts.flatMap((fact) => [[fact.subject, fact.subjectType], [fact.object, fact.objectType]]));
  drawGraph(part("drawing"), facts, (name) => colourOf(types.get(name)));
  part("drawing").ariaLabel = `Graph of ${counted(facts.length, "fact")}; the table has the same.`;
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
  part("problem").hidden = true;
  part("found").hidden = true;
  part("json").hidden = true;
  part("json").textContent = "";
  for (const name of ["status", "facts-status", "copied"]) part(name).textContent = "";
  document.body.classList.remove("waiting");
}

function showButtons() {
  for (const kind of sentence.kinds) part(`mark-${kind}`).disabled = !marker?.selection;
}

/** Every entity with what it may be: subject and object, or its type. */
function showEntities() {
  const focused = document.activeElement?.dataset.toggle;
  const marked = Object.fromEntries(sentence.kinds.map((kind) => [kind, sentence.entities(kind)]));
  const names = new Set(sentence.marks.map((mark) => sentence.name(mark)));
  part("entities").replaceChildren(
    ...[...names].map((name) =>
      element(
        "li",
        {},
        element("span", { className: "name" }, name),
        ...(model.pairs
          ? [...(model.types.length ? [typeOf(name)] : []), removal(name)]
          : sentence.kinds.map((kind) => toggle(kind, name, marked[kind].has(name)))),
      ),
    ),
  );
  const again = [...part("entities").querySelectorAll("[data-toggle]")];
  if (focused) (again.find((each) => each.dataset.toggle === focused) ?? part("words")).focus();
  part("clear").disabled = !sentence.marks.length;
}

function toggle(kind, name, pressed) {
  const word = KIND_NAMES[kind];
  const button = element(
    "button",
    { type: "button", className: word, dataset: { toggle: `${kind} ${name}` }, ariaPressed: String(pressed) },
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

function typeOf(name) {
  const choice = element(
    "select",
    { dataset: { toggle: `type ${name}` }, ariaLabel: `${name}: type` },
    ...(sentence.types.has(name) ? [] : [element("option", { value: "" }, "what?")]),
    ...model.types.map((type) => element("option", { value: type }, type)),
  );
  choice.value = sentence.types.get(name) ?? "";
  choice.style.setProperty("--mark", colourOf(choice.value));
  choice.addEventListener("change", () => {
    sentence.types.set(name, choice.value);
    marker.render();
    ask();
  });
  return choice;
}

function removal(name) {
  const button = element("button", { type: "button", className: "plain", dataset: { toggle: `remove ${name}` } }, "×");
  button.ariaLabel = `${name}: remove`;
  button.addEventListener("click", () => {
    sentence.removeEntity("e", name);
    marker.render();
    ask();
  });
  return button;
}

function counted(count, name, names = `${name}s`) {
  return `${count} ${count === 1 ? name : names}`;
}

function shortened(text) {
  return text.length > 34 ? `${text.slice(0, 32).trimEnd()} …` : text;
}

// === Listen ===

/** Mark the selected words, or undo it. */
function mark(kind) {
  marker.toggle(kind, kind === "e" ? part("type").value : "");
}

function listen() {
  part("sentence").addEventListener("input", () => {
    example = null;
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

  part("clear").addEventListener("click", () => {
    marker.remove(sentence.marks);
    part("words").focus();
  });

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

  let width = part("graph").clientWidth;
  new ResizeObserver(() => {
    if (part("graph").clientWidth === width) return; // its height is the drawing's own
    width = part("graph").clientWidth;
    draw();
  }).observe(part("graph"));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
}

part("retry").addEventListener("click", () => (model ? ask() : start()));

function load(chosen) {
  example = chosen;
  part("sentence").value = chosen.text;
  marker.select(null);
  ask();
}

start();
