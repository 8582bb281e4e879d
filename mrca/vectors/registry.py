"""Vectors that have a name: where they are published and what their files are called."""

from dataclasses import dataclass

from mrca.files import RemoteFile


@dataclass(frozen=True)
class KnownVectors:
    """Published vectors.

    Attributes:
        name: what `--vectors` calls them.
        description: one line for `mrca vectors list`.
        dim: their dimension.
        files: names under which the file is known, looked for in the search folders.
        remote: where to download them, or `None` where no server has them.
        zip_member: which file of a `.zip` among `files` holds them.
        packaged: whether they are part of this package, as a store named like them.
    """

    name: str
    description: str
    dim: int
    files: tuple[str, ...]
    remote: RemoteFile | None = None
    zip_member: str | None = None
    packaged: bool = False


_GLOVE = "glove-wiki-gigaword-300"

KNOWN_VECTORS: dict[str, KnownVectors] = {
    known.name: known
    for known in (
        KnownVectors(
            name=_GLOVE,
            description="GloVe 6B (Wikipedia 2014 and Gigaword 5), 400,000 words; a file of 394 MB",
            dim=300,
            files=(f"{_GLOVE}.gz", "glove.6B.300d.txt", "glove.6B.300d.txt.gz", "glove.6B.zip"),
            remote=RemoteFile(
                name=f"{_GLOVE}.gz",
                urls=tuple(
                    f"https://github.com/{owner}/gensim-data/releases/download/{_GLOVE}/{_GLOVE}.gz"
                    for owner in ("piskvorky", "RaRe-Technologies")
                ),
                digest="md5:29e9329ac2241937d55b852e8284e89b",
                size=394_362_229,
            ),
            zip_member="glove.6B.300d.txt",
        ),
        KnownVectors(
            name="minilm-static",
            description="words run alone through all-MiniLM-L6-v2, reduced by PCA; not GloVe",
            dim=300,
            files=("minilm-static.300d.txt.gz",),
        ),
        KnownVectors(
            name="sample",
            description="word2vec on the sample corpus, 1,972 words; for a first try on any corpus",
            dim=50,
            files=(),
            packaged=True,
        ),
    )
}


def default_name(file_name: str) -> str:
    """What vectors from a file of this name are called: a known name, or the name less its endings.

    Example:
        >>> default_name("glove.6B.300d.txt"), default_name("my.vectors.txt.gz")
        ('glove-wiki-gigaword-300', 'my.vectors')
    """
    for known in KNOWN_VECTORS.values():
        if file_name in known.files:
            return known.name
    name = file_name
    for ending in (".gz", ".zip", ".txt", ".vec", ".bin"):
        name = name.removesuffix(ending)
    return name or file_name
