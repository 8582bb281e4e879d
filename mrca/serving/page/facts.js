// Between whom the relations of a sentence hold. A model of pairs says so. A model of whole texts says
// which relations hold, so it is asked again with one subject and one object marked at a time, and each
// relation goes to the pair that scores highest for it.

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

/**
 * The facts of an answer of a model of pairs, best first. `subject` and `object` are as in the text,
 * `subjectSpan` and `objectSpan` their places in code points, `subjectType` and `objectType` what they
 * were said to be.
 */
export function foundFacts(answer, sentence) {
  const end = answer.relations.indexOf("");
  return answer.relations.slice(0, end < 0 ? undefined : end).map((relation, i) => ({
    subject: answer.subjects[i],
    relation,
    object: answer.objects[i],
    score: answer.relation_scores[i],
    subjectSpan: answer.subject_spans[i],
    objectSpan: answer.object_spans[i],
    subjectType: sentence.typeOf(answer.subject_spans[i]),
    objectType: sentence.typeOf(answer.object_spans[i]),
  }));
}

/** Facts as JSON, in the form of a line of `mrca predict`. */
export function predictionLine(facts) {
  const side = (text, span, type) =>
    span ? { text, char_start: span[0], char_end: span[1], ...(type ? { type } : {}) } : text;
  return {
    line: 1,
    facts: facts.map((fact) => ({
      subject: side(fact.subject, fact.subjectSpan, fact.subjectType),
      relation: fact.relation,
      object: side(fact.object, fact.objectSpan, fact.objectType),
      score: rounded(fact.score),
    })),
  };
}

/** A score with four digits, of the very float32 that the model computed. */
export function rounded(score) {
  return Number(Math.fround(score).toFixed(4));
}
