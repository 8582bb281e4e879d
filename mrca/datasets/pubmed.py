"""PubMed as a corpus of documents with many labels each, drawn from BioASQ's file of a year."""

from pathlib import Path

from mrca.datasets.hold_out import hold_out
from mrca.datasets.readers.pubmed import draw_pubmed
from mrca.datasets.readers.read_file import opened
from mrca.datasets.readers.row import RowError
from mrca.errors import MrcaError
from mrca.text import Document


def pubmed_splits(
    file: Path, *, documents: int, valid: int, test: int, seed: int
) -> dict[str, list[Document]]:
    """Draw a corpus from BioASQ's Task A, `allMeSH_YEAR.json`.

    First the documents are drawn, then of these the test and the validation split. A document that
    is the last one of a heading stays in training, so that every heading can be learnt.

    Args:
        file: that of any year, `{"articles": [{"title", "abstractText", "meshMajor", …}, …]}`,
            gzipped or not. It is read once, and never as a whole.
        documents: how many in all.
        valid: how many of them are for validation.
        test: how many for the test.
        seed: of the draws.

    Returns:
        `"train"`, `"valid"` and `"test"`, each in the order of the file.

    Raises:
        MrcaError: if the file cannot be read, its JSON is broken, it has too few articles, or one
            that is drawn has no word or no headings.

    Source: Huang et al. 2021, section 4: 224,897 documents with 18,211 labels, 12.3 for each. Which
    articles these are is not published.
    """
    source = str(file)
    try:
        with opened(file) as articles:
            rows = draw_pubmed(articles, source, documents, seed)
        for row in rows:
            if row.error is not None:
                raise row.error
    except RowError as error:
        raise MrcaError(
            f"{error}. The file must be BioASQ's allMeSH_YEAR.json, whole and unpacked (or .gz)."
        ) from error
    if len(rows) < documents:
        raise MrcaError(
            f"{file} has {len(rows):,} articles. Expected at least {documents:,} to draw from: "
            "bring the allMeSH_YEAR.json of a year, or make a corpus of your own of what there is "
            "(mrca data convert)."
        )
    for row in rows:
        if not row.labelled:
            raise MrcaError(
                f"{file}, item {row.line}: expected meshMajor, the headings of the article, "
                "received an article without them. The file must be one of BioASQ's training "
                "files: its test files keep the headings back."
            )
    drawn = [row.document for row in rows if row.document is not None]
    rest, tested = hold_out(drawn, test, seed)
    train, held = hold_out(rest, valid, seed)
    return {"train": train, "valid": held, "test": tested}
