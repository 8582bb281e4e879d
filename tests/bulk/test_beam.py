"""The model handler that the page shows, on Beam's runner in this process."""

import re
from pathlib import Path

import pytest

beam = pytest.importorskip("apache_beam", reason="Beam is not required by any extra")
PAGE = Path(__file__).parents[2] / "docs" / "bulk.md"


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # Beam's own
def test_the_handler_of_the_page_scores_with_an_exported_model(exported_run, slice_rows):
    import tensorflow as tf
    from apache_beam.ml.inference.base import RunInference
    from apache_beam.runners.portability.fn_api_runner import FnApiRunner
    from apache_beam.testing.util import assert_that, equal_to

    source = re.search(r"<!-- beam -->\n```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    namespace: dict = {"__name__": "__main__"}
    exec(source[1], namespace)
    texts = [f"<s>{row['text'].split()[0]}</s> was born in <o>Glimber</o>." for row in slice_rows]
    model = tf.saved_model.load(str(exported_run))
    found = model.signatures["serving_default"](text=tf.constant(texts))["relations"].numpy()
    expected = [
        (text, [name.decode() for name in names if name])
        for text, names in zip(texts, found, strict=True)
    ]
    with beam.Pipeline(runner=FnApiRunner()) as pipeline:
        results = (
            pipeline
            | beam.Create(texts)
            | RunInference(namespace["ExportedModel"](str(exported_run)))
            | beam.Map(lambda one: (one.example, [name for name, _ in one.inference]))
        )
        assert_that(results, equal_to(expected))
