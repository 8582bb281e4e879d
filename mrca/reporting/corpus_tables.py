"""A corpus in tables: what each split has, and the long tail."""

from collections.abc import Iterable

from rich.markup import escape
from rich.table import Table
from rich.text import Text

from mrca.datasets import CorpusStatistics
from mrca.datasets.statistics import Spread
from mrca.errors import counted
from mrca.reporting.bar import bar
from mrca.reporting.palette import GROUP_COLOURS

_BAR = 24  # characters of the longest bar


def splits_table(statistics: CorpusStatistics) -> Table:
    """What was counted in each split: documents, entities and their pairs, facts, relations."""
    table = Table("", title=f"{escape(statistics.name)} ({statistics.fingerprint[:12]})")
    for split in statistics.splits:
        table.add_column(split, justify="right")
    splits = list(statistics.splits.values())

    def add(name: str, cells: Iterable[str], *, last: bool = False) -> None:
        table.add_row(name, *cells, end_section=last)

    def spreads(title: str, found: list[Spread | None]) -> None:
        if any(found):
            add(title, (f"{s.mean:.2f} ± {s.deviation:.2f}" if s else "–" for s in found))
            add("  three or more", (_share(s.share_3 if s else None) for s in found))

    add("documents", (f"{split.documents:,}" for split in splits))
    add("words", (f"{split.tokens:,}" for split in splits))
    add("words per document", (f"{split.mean_length:.1f}" for split in splits))
    add("  median", (f"{split.median_length:g}" for split in splits))
    with_borders = any(split.sentences for split in splits)
    add("  longest", (str(split.max_length) for split in splits), last=not with_borders)
    if with_borders:
        cells = (f"{s.sentences:.1f}" if s.sentences else "–" for s in splits)
        add("sentences per document", cells, last=True)
    if any(split.pairs for split in splits):
        spreads("entities per document", [split.entities for split in splits])
        add("mentions of entities", (f"{split.mentions:,}" for split in splits))
        cells = (f"{s.mentions_per_entity:.2f}" if s.mentions_per_entity else "–" for s in splits)
        add("  per entity", cells)
        add("pairs to ask about", (f"{split.pairs:,}" for split in splits))
        add("  per document", (f"{split.pairs / split.documents:.1f}" for split in splits))
        add("  without a fact", (_share(split.empty_pairs) for split in splits))
        for number in sorted({n for split in splits for n in split.relations_per_pair}):
            cells = (f"{split.relations_per_pair.get(number, 0):,}" for split in splits)
            add(f"  with {counted(number, 'relation')}", cells)
        table.add_section()
    spreads("facts per document", [split.facts for split in splits])
    if with_borders:
        add("  within a sentence", (_share(split.within_sentence) for split in splits))
    spreads("relations per document", [split.relations for split in splits])
    add("documents that state nothing", (_share(split.empty_documents) for split in splits))
    table.add_section()
    for number in sorted({n for split in splits for n in split.relations_per_document}):
        if number:
            cells = (f"{split.relations_per_document.get(number, 0):,}" for split in splits)
            add(f"documents with {counted(number, 'relation')}", cells)
    table.add_section()
    add("relations never stated", (str(len(split.never_seen)) for split in splits))
    add("mentions not found", (str(split.unmatched) for split in splits))
    if statistics.types:
        types = ", ".join(statistics.types)
        table.caption = Text(f"{counted(len(statistics.types), 'entity type')}: {types}")
        table.caption_justify = "left"
    return table


def tail_table(statistics: CorpusStatistics) -> Table:
    """How often each relation is stated in training, from head to tail, with bars."""
    sizes = ", ".join(f"{len(names)} {group}" for group, names in statistics.groups.items())
    table = Table(title=f"{counted(len(statistics.train_counts), 'relation')}: {sizes}")
    table.add_column("relation", overflow="fold")
    described = any(name in statistics.descriptions for name in statistics.train_counts)
    if described:
        table.add_column("what it is", overflow="fold")
    table.add_column(f"training {statistics.counted}", justify="right")
    table.add_column("", no_wrap=True)
    largest = max(*statistics.train_counts.values(), 1)
    for group, names in statistics.groups.items():
        for name in names:
            count = statistics.train_counts[name]
            colour = GROUP_COLOURS[group]
            table.add_row(
                escape(name),
                *([escape(statistics.descriptions.get(name, ""))] if described else []),
                f"{count:,}",
                f"[{colour}]{bar(count / largest, _BAR)}[/{colour}]",
                end_section=name == names[-1],
            )
    return table


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.2%}"
