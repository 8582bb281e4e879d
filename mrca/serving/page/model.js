// Asks the server.

const MOST_ROWS = 256; // in one request

/** What the server said when it could not answer, or that it said nothing. */
export class ServerError extends Error {}

/**
 * A served model.
 *
 * Attributes:
 *   name, version: what it is served as.
 *   relations: their names, in the order of `scores`.
 *   pairs: whether it says who is related to whom, and not which relations a text states.
 *   types: of entities, which it reads; may be none.
 *   examples: `{text, marks}` each; see `Sentence.load`.
 */
export class Model {
  constructor({ name, version, relations, pairs, types, examples }) {
    Object.assign(this, { name, version, relations, pairs, types, examples });
    this.url = `v1/models/${encodeURIComponent(name)}:predict`;
  }

  static async load(signal) {
    return new Model(await fetched("model.json", { signal }));
  }

  /** The words of a text, as the model reads it: `{text, start, end}` each, `text.slice(start, end)`. */
  async words(text, signal) {
    const places = await fetched("words", { method: "POST", body: text, signal }); // in code points
    const units = [0];
    for (const character of text) units.push(units.at(-1) + character.length);
    return places.map((place) => {
      const [start, end] = place.map((point) => units[point]);
      return { text: text.slice(start, end), start, end };
    });
  }

  /** Answers to sentences with inline marks, in their order: the outputs of each by name. */
  async predict(texts, signal) {
    const predictions = [];
    for (let start = 0; start < texts.length; start += MOST_ROWS) {
      const body = JSON.stringify({ instances: texts.slice(start, start + MOST_ROWS) });
      const headers = { "Content-Type": "application/json" };
      const answer = await fetched(this.url, { method: "POST", headers, body, signal });
      predictions.push(...answer.predictions);
    }
    return predictions;
  }
}

async function fetched(url, options) {
  let response;
  let body;
  try {
    response = await fetch(url, options);
    body = await response.text();
  } catch (error) {
    if (options.signal.aborted) throw error;
    throw new ServerError("The server does not answer. Is it still running?");
  }
  options.signal.throwIfAborted();
  let value = null;
  try {
    value = JSON.parse(body);
  } catch {
    if (response.ok) throw new ServerError("The server's answer cannot be read: it is not JSON.");
  }
  if (response.ok) return value;
  throw new ServerError(`The server says: ${value?.error ?? response.statusText} (${response.status})`);
}
