// Shows a sentence's words, and lets them be selected with the mouse, a finger or the keyboard.

import { element } from "./element.js";

export const KIND_NAMES = { s: "subject", o: "object", e: "entity" };
const DRAG = 4; // pixels that tell a selection within one word from a click

/**
 * Args:
 *   box: the element that the words go into.
 *   sentence: a `Sentence`.
 *   changed: called after a mark was made or removed here.
 *   selected: called after the selection changed.
 *   mark: called with a kind to mark the selected words, or undo it.
 *   colourOf: gives the colour of a type.
 */
export class Marker {
  constructor(box, sentence, { changed, selected, mark, colourOf }) {
    Object.assign(this, { box, sentence, changed, selected, mark, colourOf });
    this.anchor = null; // the word where the selection began
    this.head = null; // the word where it ends
    this.drag = null;
    box.addEventListener("keydown", (event) => this.#key(event));
    box.addEventListener("pointerdown", (event) => this.#down(event));
    box.addEventListener("pointermove", (event) => this.#move(event));
    box.addEventListener("pointerup", (event) => this.#up(event));
    box.addEventListener("pointercancel", () => (this.drag = null));
  }

  /** The selected words, as `{start, end}`, or null. */
  get selection() {
    if (this.anchor === null) return null;
    const [start, last] = [this.anchor, this.head].sort((a, b) => a - b);
    return { start, end: last + 1 };
  }

  select(anchor, head = anchor) {
    this.anchor = anchor;
    this.head = head;
    this.#showSelection();
    this.selected();
  }

  /** Mark the selected words, or undo it. */
  toggle(kind, type = "") {
    if (!this.selection) return;
    this.sentence.toggle(kind, this.selection, type);
    this.render();
    this.changed();
  }

  /** Remove marks. */
  remove(marks) {
    if (!marks.length) return;
    this.sentence.remove(marks);
    this.render();
    this.changed();
  }

  /** Show the sentence as it is now. */
  render() {
    const { text, words } = this.sentence;
    const nodes = [];
    let end = 0;
    words.forEach((word, i) => {
      const marks = this.sentence.at({ start: i, end: i + 1 });
      const through = marks.filter((mark) => mark.start < i);
      const gap = { className: classes("gap", through), dataset: { gap: i } };
      nodes.push(
        this.#coloured(element("span", gap, text.slice(end, word.start)), through),
        this.#coloured(this.#word(word, i, marks), marks),
      );
      end = word.end;
    });
    this.box.replaceChildren(...nodes);
    const last = words.length - 1;
    if (this.anchor !== null && Math.max(this.anchor, this.head) > last) this.select(null);
    this.#showSelection();
  }

  #word(word, i, marks) {
    const typeOf = (mark) => this.sentence.types.get(this.sentence.name(mark)) ?? "";
    const ends = marks.filter((mark) => mark.end === i + 1);
    const kinds = marks.map((mark) => typeOf(mark) || KIND_NAMES[mark.kind]);
    const made = element(
      "span",
      { className: classes("word", marks), id: `word-${i}`, dataset: { word: i } },
      word.text,
    );
    made.setAttribute("role", "option");
    if (kinds.length) made.setAttribute("aria-label", `${word.text}, ${kinds.join(" and ")}`);
    // Shown by the style sheet: kinds are told apart by more than their colours.
    const letters = ends.map((mark) => typeOf(mark) || mark.kind.toUpperCase());
    if (ends.length) made.dataset.ends = letters.sort().reverse().join("");
    return made;
  }

  /** The colour of the type that is marked, where there is one. */
  #coloured(node, marks) {
    const entity = marks.find((mark) => mark.kind === "e");
    if (entity) node.style.setProperty("--mark", this.colourOf(this.sentence.types.get(this.sentence.name(entity))));
    return node;
  }

  #showSelection() {
    const span = this.selection;
    const inside = (i, from) => span !== null && from <= i && i < span.end;
    for (const node of this.box.children) {
      const { word, gap } = node.dataset;
      if (word === undefined) {
        node.classList.toggle("selected", inside(Number(gap), span?.start + 1));
      } else {
        const isIn = inside(Number(word), span?.start);
        node.classList.toggle("selected", isIn);
        node.setAttribute("aria-selected", isIn);
        node.classList.toggle("active", Number(word) === this.head);
      }
    }
    if (this.head === null) this.box.removeAttribute("aria-activedescendant");
    else this.box.setAttribute("aria-activedescendant", `word-${this.head}`);
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const last = this.sentence.words.length - 1;
    if (last < 0) return;
    const forward = getComputedStyle(this.box).direction === "rtl" ? -1 : 1;
    const moves = {
      ArrowRight: () => this.#go(forward, event.shiftKey),
      ArrowLeft: () => this.#go(-forward, event.shiftKey),
      Home: () => this.#goTo(0, event.shiftKey),
      End: () => this.#goTo(last, event.shiftKey),
      Escape: () => this.select(null),
      ...Object.fromEntries(this.sentence.kinds.map((kind) => [kind, () => this.mark(kind)])),
      Delete: () => this.selection && this.remove(this.sentence.at(this.selection)),
    };
    moves.Backspace = moves.Delete;
    const move = moves[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!move) return;
    event.preventDefault();
    move();
  }

  #go(step, extend) {
    const last = this.sentence.words.length - 1;
    if (this.head === null) this.#goTo(step > 0 ? 0 : last, false);
    else this.#goTo(Math.min(Math.max(this.head + step, 0), last), extend);
  }

  #goTo(head, extend) {
    this.select(extend && this.anchor !== null ? this.anchor : head, head);
    document.getElementById(`word-${head}`).scrollIntoView({ block: "nearest" });
  }

  /** The word at a pointer; in a gap the nearest one on the side of the selection. */
  #wordAt(event) {
    const node = document.elementFromPoint(event.clientX, event.clientY);
    if (!node || node.parentNode !== this.box) return null;
    if (node.dataset.word !== undefined) return Number(node.dataset.word);
    const after = Number(node.dataset.gap);
    return this.drag !== null && this.drag.word < after ? after - 1 : after;
  }

  #down(event) {
    if (event.button !== 0) return;
    const word = this.#wordAt(event);
    if (word === null) {
      this.select(null);
      return;
    }
    const extend = this.anchor !== null && (event.shiftKey || this.#isNextByTouch(event, word));
    this.drag = { word, x: event.clientX, y: event.clientY, moved: extend };
    this.box.setPointerCapture(event.pointerId);
    this.select(extend ? this.anchor : word, word);
  }

  /** Whether a finger taps the word beside the selection: words are then selected one by one. */
  #isNextByTouch(event, word) {
    const { start, end } = this.selection;
    return event.pointerType === "touch" && (word === end || word === start - 1);
  }

  #move(event) {
    if (this.drag === null) return;
    const { x, y } = this.drag;
    this.drag.moved ||= Math.hypot(event.clientX - x, event.clientY - y) > DRAG;
    const word = this.#wordAt(event);
    if (word !== null && word !== this.head) this.select(this.anchor, word);
  }

  #up(event) {
    if (this.drag === null) return;
    const { word, moved } = this.drag;
    this.drag = null;
    if (moved) return;
    const marks = this.sentence.at({ start: word, end: word + 1 });
    if (marks.length) {
      this.select(null);
      this.remove(marks);
    }
  }
}

function classes(name, marks) {
  return [name, ...marks.map((mark) => KIND_NAMES[mark.kind])].join(" ");
}
