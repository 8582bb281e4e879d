// Shows what the model says.

import { element } from "./element.js";
import { rounded } from "./facts.js";

const RUNNERS_UP = 5; // relations to show of those that do not hold

/**
 * The places of relations, best first: those that hold, and the next that do not. Of equal scores
 * the first place comes first.
 */
export function bestFirst({ scores, labels }) {
  const places = [...scores.keys()].sort((a, b) => scores[b] - scores[a]);
  return {
    held: places.filter((place) => labels[place]),
    next: places.filter((place) => !labels[place]).slice(0, RUNNERS_UP),
  };
}

/** What is wrong with a sentence, in words for who typed it, or "". */
export function problemInWords(problem) {
  if (!problem) return "";
  if (problem === "no words") return "There are no words to read yet. Type a sentence.";
  if (problem === "no word between tags") return "A mark has no word in it. Remove it and mark again.";
  if (problem === "fewer than two entities") return "Mark two entities at least: facts are between them.";
  if (problem.startsWith("entities without a known type")) return "Say of each entity what it is: the model reads it.";
  if (problem.startsWith("unpaired")) return "A mark begins or ends nowhere. Clear the marks and mark again.";
  return `The model says of this sentence: ${problem}.`;
}

/** Fill a list with relations and their scores. */
export function showRelations(list, names, answer) {
  const { held, next } = bestFirst(answer);
  const full = Math.max(1, ...held.map((place) => answer.scores[place]));
  list.replaceChildren(
    ...held.map((place) => relation(names[place], answer.scores[place], full, true)),
    ...next.map((place) => relation(names[place], answer.scores[place], full, false)),
  );
  return held.length;
}

function relation(name, score, full, holds) {
  const bar = element("span", { className: "bar" });
  bar.style.width = `${Math.min(Math.max(score / full, 0), 1) * 100}%`;
  return element(
    "li",
    { className: holds ? "holds" : "fails" },
    element("span", { className: "name" }, name),
    element("span", { className: "hidden" }, holds ? " holds: " : " does not hold: "),
    element("span", { className: "score" }, shown(score)),
    element("span", { className: "track", ariaHidden: "true" }, bar),
  );
}

/** Fill a table's body with facts between entities. */
export function showFacts(body, facts) {
  body.replaceChildren(
    ...facts.map((fact) =>
      element(
        "tr",
        {},
        entity(fact.subject, fact.subjectType),
        element("td", {}, fact.relation),
        entity(fact.object, fact.objectType),
        element("td", { className: "score" }, shown(fact.score)),
      ),
    ),
  );
}

function entity(name, type) {
  return element("td", {}, name, ...(type ? [element("small", {}, ` ${type}`)] : []));
}

function shown(score) {
  return rounded(score).toFixed(4);
}
