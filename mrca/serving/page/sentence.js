// A sentence whose entities are marked. It knows nothing of the page.

const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/**
 * Attributes:
 *   kinds: the tags that it is marked with: `["s", "o"]`, subjects and objects, or `["e"]`, entities.
 *   text: what was typed.
 *   words: its words, see `Model.words`.
 *   marks: `{kind, start, end}` each, for the words `start` to before `end`, in order. Those of one
 *     kind never overlap.
 *   types: what entities are, by name.
 */
export class Sentence {
  #markAt; // by kind, the mark of each word that has one

  constructor(kinds, text = "", words = []) {
    this.kinds = kinds;
    this.types = new Map();
    this.#read(text, words);
  }

  /** Become another sentence. `marks` are `{kind, start, end, type}`, in code points of the text. */
  load({ text, marks }, words) {
    this.#read(text, words);
    this.types.clear();
    for (const { kind, start, end, type } of marks) {
      const span = this.#spanOf([start, end]);
      if (!span || this.covered(kind, span)) continue;
      this.#add(kind, span);
      if (type) this.types.set(this.name(span), type);
    }
    this.#sort();
  }

  /** Change the text. Marks stay with their words. */
  edit(text, words) {
    const old = this.text;
    const shorter = Math.min(old.length, text.length);
    let start = 0;
    while (start < shorter && old[start] === text[start]) start += 1;
    let same = 0; // at the end
    while (same < shorter - start && old.at(-1 - same) === text.at(-1 - same)) same += 1;
    const oldEnd = old.length - same;
    const newEnd = text.length - same;
    const moved = newEnd - oldEnd;

    const kept = [];
    for (const mark of this.marks) {
      const from = this.words[mark.start].start;
      const to = this.words[mark.end - 1].end;
      if (to <= start) kept.push([mark.kind, from, to]);
      else if (from >= oldEnd) kept.push([mark.kind, from + moved, to + moved]);
      else if (from <= start && oldEnd <= to && oldEnd - start < to - from) {
        kept.push([mark.kind, from, to + moved]);
      } // else it was typed over
    }
    this.#read(text, words);
    for (const [kind, from, to] of kept) {
      const span = this.span(from, to);
      if (span && !this.covered(kind, span)) this.#add(kind, span);
    }
    this.#sort();
  }

  /** The words that characters touch, as `{start, end}`, or null if there are none. */
  span(from, to) {
    const start = firstPlace(this.words, (word) => word.end > from);
    const end = firstPlace(this.words, (word) => word.start >= to);
    return start < end ? { start, end } : null;
  }

  /** What an entity at a place, in code points of the text, was said to be, or "". */
  typeOf(place) {
    const span = this.#spanOf(place);
    return (span && this.types.get(this.name(span))) ?? "";
  }

  /** Whether a mark of the kind touches the words. */
  covered(kind, span) {
    return this.at(span).some((mark) => mark.kind === kind);
  }

  /** The marks that touch the words, in order. */
  at({ start, end }) {
    const found = new Set();
    for (let word = start; word < end; word += 1) {
      for (const kind of this.kinds) if (this.#markAt[kind].has(word)) found.add(this.#markAt[kind].get(word));
    }
    return [...found].sort(inOrder);
  }

  /** How an entity is called: its words, joined by a space. */
  name({ start, end }) {
    return this.words.slice(start, end).map((word) => word.text).join(" ");
  }

  /**
   * Mark words, wherever they stand in the sentence, or undo it where just these are marked so.
   * Other marks of the kind on the words given go.
   */
  toggle(kind, span, type = "") {
    const marked = this.at(span).filter((mark) => mark.kind === kind);
    if (marked.some((mark) => mark.start === span.start && mark.end === span.end)) {
      this.removeEntity(kind, this.name(span));
      return;
    }
    this.remove(marked);
    this.#add(kind, span);
    if (type) this.types.set(this.name(span), type);
    this.markAll(kind, this.words.slice(span.start, span.end).map((word) => word.text));
  }

  /** Mark every occurrence of the words. */
  markAll(kind, words) {
    for (let start = 0; words.length && start + words.length <= this.words.length; start += 1) {
      const span = { start, end: start + words.length };
      const found = words.every((word, i) => this.words[start + i].text === word);
      if (found && !this.covered(kind, span)) this.#add(kind, span);
    }
    this.#sort();
  }

  remove(marks) {
    const gone = new Set(marks);
    this.marks = this.marks.filter((mark) => !gone.has(mark));
    for (const { kind, start, end } of gone) {
      for (let word = start; word < end; word += 1) this.#markAt[kind].delete(word);
    }
  }

  removeEntity(kind, name) {
    this.remove(this.marks.filter((mark) => mark.kind === kind && this.name(mark) === name));
  }

  /** The marks of each entity of a kind by its name, in the order of first mentions. */
  entities(kind) {
    const entities = new Map();
    for (const mark of this.marks.filter((each) => each.kind === kind)) {
      const name = this.name(mark);
      if (entities.has(name)) entities.get(name).push(mark);
      else entities.set(name, [mark]);
    }
    return entities;
  }

  /** The sentence as one string with inline marks, as mrca/text/inline_marks.py reads it. */
  marked(marks = this.marks) {
    const opening = this.words.map(() => "");
    const closing = this.words.map(() => "");
    for (const mark of marks) {
      const type = this.types.get(this.name(mark));
      const said = type ? ` type="${escaped(type, /[&<>"]/g)}"` : "";
      opening[mark.start] += `<${mark.kind}${said}>`;
      closing[mark.end - 1] += `</${mark.kind}>`;
    }
    let text = "";
    let place = 0;
    this.words.forEach((word, i) => {
      text += this.text.slice(place, word.start) + opening[i] + escaped(word.text, /[&<>]/g) + closing[i];
      place = word.end;
    });
    return text + this.text.slice(place);
  }

  #spanOf([start, end]) {
    const characters = [...this.text];
    const from = characters.slice(0, start).join("").length;
    return this.span(from, from + characters.slice(start, end).join("").length);
  }

  #read(text, words) {
    this.text = text;
    this.words = words;
    this.marks = [];
    this.#markAt = Object.fromEntries(this.kinds.map((kind) => [kind, new Map()]));
  }

  #add(kind, { start, end }) {
    const mark = { kind, start, end };
    this.marks.push(mark);
    for (let word = start; word < end; word += 1) this.#markAt[kind].set(word, mark);
  }

  #sort() {
    this.marks.sort(inOrder);
  }
}

function inOrder(a, b) {
  return a.start - b.start || a.end - b.end;
}

/** Where a condition begins to be true, which then stays so, or the length. */
function firstPlace(items, condition) {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (condition(items[middle])) high = middle;
    else low = middle + 1;
  }
  return low;
}

function escaped(text, special) {
  return text.replace(special, (character) => ESCAPES[character]);
}
