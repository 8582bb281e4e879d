// Between whom the relations of a sentence hold. The model says of a whole text which ones do, so it
// is asked again with one subject and one object marked at a time, and each relation goes to the pair
// that scores highest for it.

/**
 * Pairs of a marked subject and a different marked object: `pairs`, the first `most` of them as
 * `{subject, object, text}`, the text with only these two marked; and how many there are, `count`.
 */
export function entityPairs(sentence, most) {
  const [subjects, objects] = [sentence.entities("s"), sentence.entities("o")];
  const both = [...subjects.keys()].filter((name) => objects.has(name));
  const count = subjects.size * objects.size - both.length;
  const pairs = [];
  for (const [subject, subjectMarks] of subjects) {
    for (const [object, objectMarks] of objects) {
      if (pairs.length === most) return { pairs, count };
      if (subject === object) continue;
      pairs.push({ subject, object, text: sentence.marked([...subjectMarks, ...objectMarks]) });
    }
  }
  return { pairs, count };
}

/**
 * The facts, best first: each relation that holds goes to the pair that scores highest for it.
 *
 * `holds` are the places of the relations that hold in the whole sentence, rising; `answers` are the
 * model's to the pairs.
 */
export function predictedFacts(relations, holds, pairs, answers) {
  const facts = holds.map((place) => {
    const scores = answers.map((answer) => answer.scores[place]);
    const best = scores.indexOf(Math.max(...scores));
    const { subject, object } = pairs[best];
    return { subject, relation: relations[place], object, score: scores[best] };
  });
  return facts.sort((a, b) => b.score - a.score);
}

/** Facts as JSON, in the form of a line of `mrca predict`. */
export function predictionLine(facts) {
  return { line: 1, facts: facts.map((fact) => ({ ...fact, score: rounded(fact.score) })) };
}

/** A score with four digits, of the very float32 that the model computed. */
export function rounded(score) {
  return Number(Math.fround(score).toFixed(4));
}
