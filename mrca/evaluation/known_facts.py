"""Which facts a model may have learned by heart: those that training states of the same names."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from mrca.datasets import Corpus, iter_rows
from mrca.datasets.corpus import TrainSplit
from mrca.datasets.locate import split_file
from mrca.errors import MrcaError
from mrca.text import Document, Entity, Fact

# Document, subject, relation and object.
StatedFact = tuple[int, int, str, int]


class KnownFacts(NamedTuple):
    """The facts of some documents that training states of entities of the same names.

    Attributes:
        annotated: those of the training documents that people annotated; None where that is not
            asked, such as of the training split itself.
        distant: those of the documents that were labelled automatically; None where that is not
            asked.
    """

    annotated: frozenset[StatedFact] | None = None
    distant: frozenset[StatedFact] | None = None

    @classmethod
    def of(cls, corpus: Corpus, split: str, *, distant: bool = False) -> "KnownFacts":
        """Those of a corpus's split: what its own training documents state, as the official scorer
        of DocRED has it, whatever a model was trained on.

        Args:
            corpus: any.
            split: whose facts are asked about; of the training split nothing is.
            distant: whether to read the corpus's automatically labelled documents, which may take
                minutes, if they are not its training split.

        Raises:
            MrcaError: if it has no such documents.
        """
        if split == "train":
            return NOT_ASKED
        documents = corpus.splits[split]
        annotated = _training(corpus, "train")
        labelled = None
        if distant or corpus.train_split == "distant":
            labelled = _training(corpus, "distant")
            if labelled is None:
                raise MrcaError(
                    f"{corpus.folder} has no automatically labelled documents. Expected a "
                    "train_distant.json, as DocRED has one; or leave --distant out."
                )
        return cls(
            *(
                None if each is None else known_facts(documents, each)
                for each in (annotated, labelled)
            )
        )


def _training(corpus: Corpus, split: TrainSplit) -> Iterable[Document] | None:
    """Its documents of one kind, from its files if they are not its training split."""
    if split == corpus.train_split:
        return corpus.splits["train"]
    path = split_file(corpus.folder, split)
    rows = () if path is None else iter_rows(path)
    return None if path is None else (row.document for row in rows if row.document is not None)


NOT_ASKED = KnownFacts()


def known_facts(
    documents: Sequence[Document], training: Iterable[Document]
) -> frozenset[StatedFact]:
    """The facts of documents that training states, for any names of their entities.

    A fact (s, r, o) is known if a training document states r between two entities of which one has
    a name of s and the other a name of o; the names of an entity are the words of all its
    mentions, and the corpus's own name of an entity without a mention. Names are compared letter
    for letter, without the blanks between their words, so that it makes no difference how a text
    was cut into tokens.

    Args:
        documents: whose facts are asked about.
        training: read once, one document after another; may be many.

    Source: the official scorer of DocRED (Yao et al. 2019), which compares the strings of
    mentions; on Re-DocRED both find the same facts.

    Example:
        >>> from mrca.text import Span
        >>> def born_in(*tokens):
        ...     ends = (0, 1), (len(tokens) - 1, len(tokens))
        ...     entities = tuple(Entity((Span(*each),)) for each in ends)
        ...     return Document(tokens, entities, (Fact(0, "born in", 1),))
        >>> train = [born_in("Ada", "was", "born", "in", "London")]
        >>> test = [born_in("Bob", "of", "Rome"), born_in("Ada", "of", "London")]
        >>> sorted(known_facts(test, train))
        [(1, 0, 'born in', 1)]
    """
    asked: dict[tuple[str, str, str], list[StatedFact]] = {}
    for number, document in enumerate(documents):
        for fact, named in _named(document):
            asked.setdefault(named, []).append((number, *fact[:3]))
    found: set[StatedFact] = set()
    for document in training:
        for _, named in _named(document):
            if named in asked:
                found.update(asked.pop(named))
    return frozenset(found)


def _named(document: Document) -> Iterator[tuple[Fact, tuple[str, str, str]]]:
    """Each fact with each two names of its entities."""
    names: dict[int, set[str]] = {}
    for fact in document.facts:
        for number in (fact.subject, fact.object):
            if number not in names:
                names[number] = _names(document, document.entities[number])
        for first in names[fact.subject]:
            for second in names[fact.object]:
                yield fact, (first, fact.relation, second)


def _names(document: Document, entity: Entity) -> set[str]:
    mentions = {document.words(span) for span in entity.mentions} or {entity.name}
    return {"".join(words.split()) for words in mentions}
