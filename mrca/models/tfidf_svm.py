"""The baseline without a network: a linear SVM per relation on TF-IDF."""

import json
import math
import warnings
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mrca.errors import MrcaError
from mrca.files import file_digest, has_digest, whole_file

_FORMAT = "mrca-tfidf-svm"
_VERSION = 1
_DESCRIPTION = "svm.json"
_WEIGHTS = "svm.npz"
# A hundredth of scikit-learn's tolerance costs two steps more; its 1000 steps are too few for a
# rare relation with a large C.
_TOLERANCE = 1e-6
_MAX_STEPS = 10_000


class TfidfSVM:
    """One-vs-rest linear support vector machines on a text's TF-IDF.

        x_t = tf(t) idf(t), then x / ||x||        idf(t) = 1 + log((1 + n) / (1 + df(t)))
        score_j = w_j . x + b_j

    Each relation's (w_j, b_j) minimises ||(w_j, b_j)||^2 / 2 + C sum max(0, 1 - y score)^2. Solved
    without anything random (liblinear's primal solver): there is no seed, and the order of the
    training rows changes scores by no more than the solver's tolerance. A relation that no
    training row states has the score -1 everywhere, one that all of them state +1.

    Args:
        columns: relations.
        C: weight of errors against the size of the weights; default 1 (scikit-learn's).
        class_weight: `"balanced"` weighs each relation's positives and negatives by the inverse of
            their counts; `None` (default) all alike.
        min_df: terms in fewer training rows than this are left out.
        max_ngram: 1 for words, 2 for pairs of neighbouring words too.
        sublinear_tf: tf is 1 + log(count) (default), or else the count.

    Attributes:
        terms: the vocabulary, sorted; empty before `fit`.

    Raises:
        MrcaError: if an argument is out of its range.

    Source: Huang et al. 2021, appendix A: one-vs-rest, TF-IDF, a linear kernel, scikit-learn, with
    the hyperplanes shifted on validation (`mrca.evaluation.tune_threshold` does that). Their C and
    their terms are not given.

    Example:
        >>> texts = [["wheat", "prices"], ["oil", "prices"], ["wheat"], ["oil"]]
        >>> svm = TfidfSVM(columns=2).fit(texts, [[1, 0], [0, 1], [1, 0], [0, 1]])
        >>> (svm.outputs([["Oil", "fell"]]) > 0).tolist()
        [[False, True]]
    """

    def __init__(
        self,
        columns: int,
        C: float = 1.0,  # noqa: N803 (its name everywhere)
        class_weight: Literal["balanced"] | None = None,
        min_df: int = 1,
        max_ngram: int = 1,
        sublinear_tf: bool = True,
    ) -> None:
        self.columns = _integer("columns", columns)
        if isinstance(C, bool) or not isinstance(C, int | float) or not 0 < C < math.inf:
            raise _wrong("C", "a number above 0", C)
        self.C = float(C)
        if class_weight not in (None, "balanced"):
            raise _wrong("class_weight", "'balanced' or None", class_weight)
        self.class_weight = class_weight
        self.min_df = _integer("min_df", min_df)
        self.max_ngram = _integer("max_ngram", max_ngram, 2)
        if not isinstance(sublinear_tf, bool):
            raise _wrong("sublinear_tf", "true or false", sublinear_tf)
        self.sublinear_tf = sublinear_tf
        self.terms: list[str] = []

    def fit(self, sequences: Iterable[Sequence[str]], labels: ArrayLike) -> Self:
        """Learn the vocabulary and every relation's weights.

        Args:
            sequences: each row's tokens; they are lower-cased here. A row may be empty.
            labels: `(rows, columns)`, bool or 0/1.

        Raises:
            MrcaError: if the labels do not fit the rows, or no term is left.
        """
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.svm import LinearSVC

        texts = _lowered(sequences)
        held = self._checked_labels(labels, len(texts))
        vectoriser = self._vectoriser(min_df=self.min_df)
        try:
            # As liblinear computes, so that not every relation converts it anew.
            matrix = vectoriser.fit_transform(texts).astype(np.float64)
        except ValueError as error:
            raise MrcaError(
                f"No term is in at least {self.min_df} of the {len(texts)} training rows (min_df), "
                "so there is nothing to learn from. Lower min_df, or check that rows have tokens."
            ) from error
        kernel = np.zeros((matrix.shape[1], self.columns), np.float32)
        bias = np.where(held.all(axis=0), 1, -1).astype(np.float32)
        unsettled = 0
        for column in np.flatnonzero(held.any(axis=0) & ~held.all(axis=0)):
            svm = LinearSVC(
                C=self.C,
                class_weight=self.class_weight,
                dual=False,
                tol=_TOLERANCE,
                max_iter=_MAX_STEPS,
            )
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)  # said once, below
                svm.fit(matrix, held[:, column])
            kernel[:, column], bias[column] = svm.coef_[0], svm.intercept_[0]
            unsettled += int(svm.n_iter_ >= _MAX_STEPS)
        if unsettled:
            warnings.warn(
                f"The SVM's weights of {unsettled} of {self.columns} relations did not settle in "
                f"{_MAX_STEPS:,} steps. They can be used; a lower C (now {self.C:g}) settles.",
                stacklevel=2,
            )
        terms = vectoriser.get_feature_names_out().tolist()
        self._set(terms, vectoriser.idf_.astype(np.float32), kernel, bias)
        return self

    def outputs(self, sequences: Iterable[Sequence[str]]) -> NDArray[np.float32]:
        """Decision values; a relation is likelier the higher its own, and the SVM cuts at 0.

        Args:
            sequences: each row's tokens. A row without a known term has the bias alone.

        Returns:
            float32 `(rows, columns)`.

        Raises:
            MrcaError: before `fit`.
        """
        self._require_fitted()
        texts = _lowered(sequences)
        if not texts:
            return np.zeros((0, self.columns), np.float32)
        scores: NDArray[np.float32] = self._transform.transform(texts) @ self._kernel
        return scores + self._bias

    def save(self, folder: str | Path) -> None:
        """Write `svm.json` and `svm.npz` into a folder, which is made if missing.

        Raises:
            MrcaError: before `fit`, or if they cannot be written.
        """
        self._require_fitted()
        folder = Path(folder)
        try:
            with whole_file(folder / _WEIGHTS) as temporary, temporary.open("wb") as file:
                np.savez(file, idf=self._idf, kernel=self._kernel, bias=self._bias)
            description = {
                "format": _FORMAT,
                "format_version": _VERSION,
                "options": self.get_config(),
                "weights": file_digest(folder / _WEIGHTS, "sha256"),
                "terms": self.terms,
            }
            with whole_file(folder / _DESCRIPTION) as temporary:
                temporary.write_text(json.dumps(description) + "\n", "utf-8")
        except OSError as error:
            raise MrcaError(
                f"Cannot write the SVM into {folder}: {error.strerror or error}."
            ) from error

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """The model that `save` wrote; it gives the same outputs, bit for bit.

        Raises:
            MrcaError: if a file is missing or damaged.
        """
        folder = Path(folder)
        try:
            described = json.loads((folder / _DESCRIPTION).read_text("utf-8"))
            if (described["format"], described["format_version"]) != (_FORMAT, _VERSION):
                raise MrcaError(f"{_DESCRIPTION} is of another format or a newer version of mrca.")
            if not has_digest(folder / _WEIGHTS, described["weights"]):
                raise MrcaError(f"{_WEIGHTS} is not the file that {_DESCRIPTION} describes.")
            model = cls(**described["options"])
            with np.load(folder / _WEIGHTS, allow_pickle=False) as file:
                arrays = [file[name] for name in ("idf", "kernel", "bias")]
            model._set(_checked_terms(described["terms"]), *arrays)
        except (
            *(OSError, EOFError, zipfile.BadZipFile, RecursionError, MemoryError),
            *(ValueError, TypeError, LookupError, AttributeError),
        ) as error:
            # A missing key's message is the key alone.
            reason = str(error) if isinstance(error, MrcaError | OSError) else repr(error)
            raise MrcaError(
                f"Cannot read the SVM in {folder}: {reason.rstrip('.')}. Expected {_DESCRIPTION} "
                f"and {_WEIGHTS} as mrca wrote them. Train it again."
            ) from error
        return model

    def get_config(self) -> dict[str, Any]:
        """Every constructor argument."""
        names = ("columns", "C", "class_weight", "min_df", "max_ngram", "sublinear_tf")
        return {name: getattr(self, name) for name in names}

    def _set(
        self,
        terms: list[str],
        idf: NDArray[np.float32],
        kernel: NDArray[np.float32],
        bias: NDArray[np.float32],
    ) -> None:
        expected = ((len(terms),), (len(terms), self.columns), (self.columns,))
        for array, shape in zip((idf, kernel, bias), expected, strict=True):
            if array.dtype != np.float32 or array.shape != shape or not np.isfinite(array).all():
                raise MrcaError(
                    f"Expected finite float32 numbers of shape {shape}. "
                    f"Received {array.dtype} of shape {array.shape}."
                )
        # Set last, so that a model is fitted or it is not.
        self._idf, self._kernel, self._bias = idf, kernel, bias
        self._transform = self._vectoriser(vocabulary=terms)
        self._transform.idf_ = idf
        self.terms = terms

    def _vectoriser(self, **options: Any) -> Any:
        # Loading scikit-learn takes a second.
        from sklearn.feature_extraction.text import TfidfVectorizer

        return TfidfVectorizer(
            tokenizer=_as_it_is,
            preprocessor=_as_it_is,
            token_pattern=None,
            lowercase=False,
            ngram_range=(1, self.max_ngram),
            sublinear_tf=self.sublinear_tf,
            dtype=np.float32,
            **options,
        )

    def _checked_labels(self, labels: ArrayLike, rows: int) -> NDArray[np.bool_]:
        held = np.asarray(labels)
        if not rows or held.shape != (rows, self.columns) or not np.isin(held, (0, 1)).all():
            raise MrcaError(
                f"An SVM needs labels 0/1 of shape ({rows}, {self.columns}), one row for each "
                f"text, and at least one text. Received {held.dtype} of shape {held.shape}."
            )
        return held.astype(bool)

    def _require_fitted(self) -> None:
        if not self.terms:
            raise MrcaError("This TfidfSVM has learnt nothing yet. Call `fit`, or `TfidfSVM.load`.")


def _lowered(sequences: Iterable[Sequence[str]]) -> list[list[str]]:
    texts = []
    for row, tokens in enumerate(sequences):
        if isinstance(tokens, str) or not all(isinstance(token, str) for token in tokens):
            raise MrcaError(
                f"Row {row} is no sequence of tokens: {str(tokens)[:60]!r}. Expected one such as "
                "['Oil', 'prices', 'fell']."
            )
        texts.append([token.lower() for token in tokens])
    return texts


def _as_it_is(tokens: Any) -> Any:
    return tokens


def _checked_terms(terms: Any) -> list[str]:
    if not isinstance(terms, list) or not terms or not all(isinstance(t, str) for t in terms):
        raise MrcaError('"terms" should be a list of at least one string.')
    return terms


def _integer(name: str, value: Any, most: float = math.inf) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        limit = "of at least 1" if most == math.inf else f"from 1 to {most}"
        raise _wrong(name, f"an integer {limit}", value)
    return value


def _wrong(name: str, expected: str, received: Any) -> MrcaError:
    return MrcaError(f"Argument `{name}` of TfidfSVM must be {expected}. Received: {received!r}.")
