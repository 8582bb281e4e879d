import asyncio
import gzip
import json
import time

import numpy as np
import pytest

from mrca.serving import Limits

PREDICT = "/v1/models/tiny:predict"


class Slow:
    """A served model that takes its time."""

    def __init__(self, model, seconds):
        self.name, self.version, self.signatures = model.name, model.version, model.signatures
        self._model, self._seconds = model, seconds

    def run(self, signature, arrays):
        time.sleep(self._seconds)
        return self._model.run(signature, arrays)


def post(ask, value, path=PREDICT, **options):
    """Status and JSON of one answer."""
    content = value if isinstance(value, bytes) else json.dumps(value).encode()

    async def talk(client):
        response = await client.post(path, content=content)
        return response.status_code, response.json()

    return ask(talk, **options)


def get(ask, path, headers=None, **options):
    async def talk(client):
        return await client.get(path, headers=headers)

    return ask(talk, **options)


def decoded(answer):
    """A model's outputs as lists, strings as text, floats as they are."""
    return {
        name: np.char.decode(array.astype(bytes), "utf-8").tolist()
        if array.dtype == object
        else array.tolist()
        for name, array in answer.items()
    }


def test_rows_are_answered_as_the_model_does(ask, model):
    texts = ["<s>Ada</s> wrote <o>notes</o>.", "größer 😀", ""]
    status, answer = post(ask, {"instances": texts})
    assert status == 200
    arrays = {"text": np.array([text.encode() for text in texts], object)}
    expected = decoded(model.run("serving_default", arrays))
    assert len(answer["predictions"]) == 3
    for row, prediction in enumerate(answer["predictions"]):
        assert prediction.keys() == expected.keys()
        for name, cells in expected.items():
            got = prediction[name]
            if name.endswith("scores"):
                assert np.float32(got).tolist() == cells[row]
            else:
                assert got == cells[row]
    assert answer["predictions"][2]["problem"] == "no words"
    assert all(type(label) is bool for each in answer["predictions"] for label in each["labels"])


def test_whole_arrays_are_answered_whole(ask):
    rows = {"signature_name": "tokens", "instances": [{"tokens": ["a"], "role": [1]}] * 2}
    whole = {"signature_name": "tokens", "inputs": {"tokens": [["a"]] * 2, "role": [[1]] * 2}}
    by_row, outputs = post(ask, rows)[1]["predictions"], post(ask, whole)[1]["outputs"]
    assert {name: [row[name] for row in by_row] for name in outputs} == outputs


def test_one_output_has_no_name(ask):
    request = {"signature_name": "inverse", "instances": [[1, 4], [0, -0.0]]}
    expected = [[1.0, 0.25], [float("inf"), -float("inf")]]
    assert post(ask, request)[1] == {"predictions": expected}
    request = {"signature_name": "inverse", "inputs": {"x": [[float("nan"), 3]]}}
    outputs = post(ask, request)[1]["outputs"]
    assert np.isnan(outputs[0][0])
    assert outputs[0][1] == 0.33333334


def test_values_of_every_type(ask):
    row = {"flag": True, "half": 0.1, "long": 2**40, "raw": {"b64": "/wA="}, "small": 255}
    status, answer = post(ask, {"signature_name": "types", "instances": [row]})
    assert status == 200
    raw = row.pop("raw")
    assert answer["predictions"] == [{**row, "half": pytest.approx(0.1, 1e-3), "raw_bytes": raw}]


def test_a_signature_without_rows(ask):
    inputs = {"values": [1, 2], "factor": 2}
    assert post(ask, {"signature_name": "scaled", "inputs": inputs}) == (200, {"outputs": 6.0})
    rows = {"signature_name": "scaled", "instances": [{"values": [1], "factor": 2}]}
    assert post(ask, rows)[0] == 400


def test_many_clients_at_once_each_get_their_own(ask, model):
    rng = np.random.default_rng(0)
    requests = [
        [f"{client} {row} {'x' * rng.integers(0, 9)}" for row in range(rng.integers(1, 6))]
        for client in range(60)
    ]

    async def talk(client):
        async def one(texts):
            response = await client.post(PREDICT, json={"instances": texts})
            assert response.status_code == 200
            return response.json()["predictions"]

        return await asyncio.gather(*map(one, requests))

    for texts, predictions in zip(requests, ask(talk), strict=True):
        alone = model.run("serving_default", {"text": np.array([t.encode() for t in texts])})
        scores = [prediction["scores"] for prediction in predictions]
        np.testing.assert_array_equal(np.float32(scores), alone["scores"])


def test_status_and_signatures(ask):
    available = {"version": "3", "state": "AVAILABLE"}
    available["status"] = {"error_code": "OK", "error_message": ""}
    for path in ("/v1/models/tiny", "/v1/models/tiny/versions/3"):
        response = get(ask, path)
        assert response.headers["content-type"] == "application/json"
        assert response.json() == {"model_version_status": [available]}
    for path in ("/v1/models/tiny/metadata", "/v1/models/tiny/versions/3/metadata"):
        answer = get(ask, path).json()
        assert answer["model_spec"] == {"name": "tiny", "signature_name": "", "version": "3"}
        inverse = answer["metadata"]["signature_def"]["signature_def"]["inverse"]
        assert inverse["method_name"] == "tensorflow/serving/predict"
        x = inverse["inputs"]["x"]
        assert x["dtype"] == "DT_FLOAT"
        sizes = [{"size": "-1", "name": ""}, {"size": "2", "name": ""}]
        assert x["tensor_shape"] == {"dim": sizes, "unknown_rank": False}
    assert post(ask, {"instances": ["a"]}, "/v1/models/tiny/versions/3:predict")[0] == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "message"),
    [
        ("GET", "/v1/models/other", 404, "Servable not found for request: other"),
        ("GET", "/v1/models/tiny/versions/4", 404, "tiny, version 4"),
        ("GET", "/v1/models/tiny/versions/x/metadata", 404, "tiny, version x"),
        ("POST", "/v1/models/other:predict", 404, "Servable not found"),
        ("POST", "/v1/models/tiny/versions/4:predict", 404, "tiny, version 4"),
        ("POST", "/v1/models/tiny", 400, "Malformed request: POST /v1/models/tiny"),
        ("POST", "/v1/models/tiny:classify", 400, "Malformed request"),
        ("PUT", PREDICT, 400, "Malformed request: PUT"),
        ("GET", "/v1/other", 400, "Malformed request: GET /v1/other"),
        ("GET", "/", 404, "Not Found"),
        ("GET", "/docs", 404, "Not Found"),
    ],
)
def test_what_is_not_there(ask, method, path, status, message):
    async def talk(client):
        return await client.request(method, path, content=b'{"instances": ["a"]}')

    response = ask(talk)
    assert response.status_code == status
    assert list(response.json()) == ["error"]
    assert message in response.json()["error"]


@pytest.mark.parametrize(
    ("request_", "status", "message"),
    [
        (b"nonsense", 400, "JSON parse error"),
        ({"signature_name": "no", "instances": ["a"]}, 400, "not found in signature def"),
        ({"instances": ["a", "FAIL"]}, 400, "The model failed: assertion failed"),
        ({"instances": ["a"] * 6}, 400, "6 rows are too many: this server takes 5"),
        ({"inputs": ["a"] * 6}, 400, "6 rows are too many"),
        (
            {"signature_name": "tokens", "instances": [{"tokens": [""] * 6, "role": [0] * 6}] * 4},
            400,
            "24 cells (rows times width) are too many: this server takes 20. Send fewer rows",
        ),
        (b'{"inputs": ' + b"[" * 400 + b"]" * 400 + b"}", 400, "nested"),
        ({"instances": ["a" * 2000]}, 413, "takes 1000 bytes"),
    ],
)
def test_what_is_refused(ask, request_, status, message):
    answer = post(ask, request_, limits=Limits(max_body=1000, max_rows=5, max_cells=20))
    assert answer[0] == status
    assert list(answer[1]) == ["error"]
    assert message in answer[1]["error"]


def test_nesting_that_no_parser_follows_is_refused(ask):
    for deep in (b"[" * 100_000, b'{"a":' * 100_000, b'{"inputs": ' + b"[" * 100_000):
        status, answer = post(ask, deep)
        assert status == 400
        assert "JSON parse error" in answer["error"]


def test_a_body_that_does_not_say_how_long_it_is_is_cut_off(ask):
    async def body():
        for _ in range(10):
            yield b" " * 300

    async def talk(client):
        return await client.post(PREDICT, content=body())

    assert ask(talk, limits=Limits(max_body=1000)).status_code == 413


def test_what_takes_too_long_is_given_up(ask, model):
    limits = Limits(timeout=0.1)
    status, answer = post(ask, {"instances": ["a"]}, limits=limits, model=Slow(model, 0.4))
    assert (status, answer) == (504, {"error": "No answer within 0.1 seconds."})


def test_what_the_queue_does_not_hold_is_refused(ask, model):
    async def talk(client):
        async def one():
            return (await client.post(PREDICT, json={"instances": ["a"]})).status_code

        return await asyncio.gather(*(one() for _ in range(8)))

    limits = Limits(max_batch=1, max_queue=2, max_wait=0)
    statuses = ask(talk, limits=limits, model=Slow(model, 0.1))
    assert set(statuses) == {200, 503}
    assert statuses.count(200) in (2, 3)


def test_what_nobody_expected_is_an_error_too(ask, model):
    class Broken(Slow):
        def run(self, signature, arrays):
            raise RuntimeError("broken")

    answer = post(ask, {"instances": ["a"]}, model=Broken(model, 0))
    assert answer == (500, {"error": "RuntimeError: broken"})


def test_only_this_machine_may_be_asked_for(ask):
    for host in ("localhost", "localhost:8501", "127.0.0.1:1", "[::1]:8501", "LocalHost"):
        assert get(ask, "/v1/models/tiny", {"host": host}).status_code == 200
    for host in ("evil.example", "evil.example:8501", "127.0.0.1.evil.example", "10.0.0.1", ""):
        response = get(ask, "/v1/models/tiny", {"host": host})
        assert response.status_code == 403
        assert "on this machine only" in response.json()["error"]


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("10.0.0.1:8501", 200),
        ("[2001:db8::1]:8501", 200),
        ("localhost", 200),
        ("Models.Example:8501", 200),
        ("evil.example", 403),
        ("models.example.evil.example", 403),
        ("", 403),
    ],
)
def test_a_server_for_others_answers_for_addresses_and_its_names(ask, host, status):
    options = {"only_loopback": False, "names": ["models.example"]}
    assert get(ask, "/v1/models/tiny", {"host": host}, **options).status_code == status


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost:8501", 200),
        ("https://localhost:8501", 200),
        ("http://localhost", 403),
        ("http://evil.example", 403),
        ("null", 403),
        ("", 403),
    ],
)
def test_pages_of_other_servers_are_refused(ask, origin, status):
    headers = {"host": "localhost:8501", "origin": origin}
    assert get(ask, "/v1/models/tiny", headers).status_code == status


def test_a_token_is_asked_for(ask):
    for given in ({}, {"authorization": "Bearer wrong"}, {"authorization": "tok"}):
        response = get(ask, "/v1/models/tiny", given, token="tok")
        assert response.status_code == 401
        assert response.headers["www-authenticate"] == "Bearer"
    right = {"authorization": "Bearer tok"}
    assert get(ask, "/v1/models/tiny", right, token="tok").status_code == 200


def packed(ask, content, encoding="gzip", **options):
    async def talk(client):
        headers = {"content-encoding": encoding}
        response = await client.post(PREDICT, content=content, headers=headers)
        return response.status_code, response.json()

    return ask(talk, **options)


def test_a_gzipped_body_is_unpacked(ask):
    request = {"instances": ["<s>Ada</s> wrote <o>notes</o>."]}
    assert packed(ask, gzip.compress(json.dumps(request).encode())) == post(ask, request)


def test_a_gzipped_body_is_bounded_and_whole(ask):
    large = gzip.compress(b" " * 100_000)
    assert packed(ask, large, limits=Limits(max_body=50_000))[0] == 413
    small = gzip.compress(b'{"instances": []}')
    assert packed(ask, small[:-4])[0] == 400
    assert packed(ask, small + b"more")[0] == 400
    assert packed(ask, b"{}")[0] == 400
    assert packed(ask, small, "br")[0] == 415


def test_the_text_of_a_request_is_bounded(ask):
    limits = Limits(max_characters=10)
    assert post(ask, {"instances": ["12345", "67890"]}, limits=limits)[0] == 200
    status, answer = post(ask, {"instances": ["12345", "67890", "ä"]}, limits=limits)
    assert status == 400
    assert "12 bytes of text are too many" in answer["error"]


def test_a_get_of_predict_is_malformed_as_in_tensorflow_serving(ask):
    response = get(ask, PREDICT)
    assert response.status_code == 400
    assert response.json()["error"] == f"Malformed request: GET {PREDICT}"


def test_browsers_are_told_to_be_careful(ask):
    response = get(ask, "/v1/models/tiny")
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'self'" in response.headers["content-security-policy"]
    assert not any(name.startswith("access-control") for name in response.headers)


def test_a_page_stands_beside_the_models(ask):
    page = {"name": "tiny", "relations": ["größer als"]}
    shown = get(ask, "/", page=page)
    assert "<title>mrca demo</title>" in shown.text
    assert "default-src 'self'" in shown.headers["content-security-policy"]
    assert get(ask, "/demo.js", page=page).headers["content-type"].startswith("text/javascript")
    assert get(ask, "/model.json", page=page).json() == page
    assert get(ask, "/v1/models/tiny", page=page).json()["model_version_status"]
    assert get(ask, "/v1/nothing", page=page).status_code == 400
    assert get(ask, "/../rest_api.py", page=page).json() == {"error": "Not Found"}


def test_the_page_asks_for_the_words_of_a_text(ask):
    async def talk(client):
        answer = await client.post("/words", content="Ada's «Bob».".encode())
        long = await client.post("/words", content=b"a" * 101)
        return answer.json(), long.status_code

    words, status = ask(talk, page={}, limits=Limits(max_characters=100))
    assert ["Ada's «Bob»."[start:end] for start, end in words] == [
        "Ada",
        "'s",
        "«",
        "Bob",
        "»",
        ".",
    ]
    assert status == 413
    assert post(ask, b"Ada", "/words")[0] in (404, 405)  # without the page


def test_who_watches_it_needs_no_token(ask):
    assert get(ask, "/healthz", token="tok").text == "ok\n"
    assert get(ask, "/healthz", {"host": "evil.example"}).status_code == 403
    assert get(ask, "/metrics", token="tok").status_code == 401


def test_what_is_counted_is_in_prometheus_form(ask):
    from prometheus_client.parser import text_string_to_metric_families

    async def talk(client):
        for content in (b'{"instances": ["a", "b"]}', b'{"instances": ["c"]}', b"nonsense"):
            await client.post(PREDICT, content=content)
        await client.post("/v1/models/other:predict", content=b"{}")
        return await client.get("/metrics")

    answer = ask(talk)
    assert answer.headers["content-type"].startswith("text/plain")
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    requests = {
        labels[1:]: n for labels, n in samples.items() if labels[0] == "mrca_requests_total"
    }
    assert requests == {("tiny", "200"): 2, ("tiny", "400"): 1}
    assert samples["mrca_rows_total", "tiny"] == 3
    assert samples["mrca_request_seconds_count", "tiny"] == 3
    assert samples["mrca_waiting_rows", "tiny", "3"] == 0
