"""OpenAI's translator with its real SDK, against a server that speaks the same and misbehaves."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from backend.documents.glossary import GlossaryEntry
from backend.documents.transcripts import Segment, Transcript
from backend.errors import Permanent, RateLimited, Refused, Transient
from backend.settings import Settings
from tests import openai_server as vendor
from tests.openai_server import Server
from tests.stage_context import LocalContext, build_batch
from workers.calls.translation import list_warnings, translate_lines
from workers.interfaces.providers import OverlongText, Shortener, SourceLine, TranslationBatch
from workers.providers import openai_answers
from workers.providers.registry import ProviderRegistry

GONE = format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True)
GLOSSARY = [
    GlossaryEntry(term="battery", language="es", translation="batería"),
    GlossaryEntry(term="Dubline"),
]
LATER = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)


@pytest.fixture
def server() -> Iterator[Server]:
    with vendor.run_server() as running:
        yield running


def build_translator(server: Server, **more: object) -> Shortener:
    given = {"openai_api_key": vendor.KEY, "openai_url": server.url, **more}
    return ProviderRegistry(Settings(**given)).get_translator("openai")


def translate(server: Server, *texts: str) -> list[str]:
    return list(build_translator(server).translate(build_batch(texts), call=None).texts)


def test_each_line_comes_back_in_its_place_and_is_paid_for(server):
    answer = build_translator(server).translate(build_batch(["One.", "Two.", "One."]), call=None)
    assert list(answer.texts) == ["es One.", "es Two.", "es One."]
    assert (answer.cost.units, answer.cost.unit) == (1200, "tokens")
    assert answer.cost.usd == pytest.approx((600 * 0.10 + 400 * 0.01 + 200 * 0.50) / 1e6)


def test_all_that_helps_to_translate_is_told(server):
    line = SourceLine(7, "It stays.", "Ann", 2.5, 40, "it lacks the number 5")
    batch = TranslationBatch((line,), "en", "pt-BR", ("The cat?",), ("Good.",), (("cat", "gato"),))
    build_translator(server).translate(batch, call=None)
    [request] = server.requests
    assert vendor.read_question(request) == {
        "glossary": {"cat": "gato"},
        "before": ["The cat?"],
        "lines": {
            "s7": {
                "text": "It stays.",
                "speaker": "Ann",
                "seconds": 2.5,
                "characters": 40,
                "fault": "it lacks the number 5",
            }
        },
        "after": ["Good."],
    }
    assert request["model"] == "gpt-6-luna"
    assert "Portuguese (Brazil) (pt-BR)" in request["instructions"]


@pytest.mark.parametrize(
    ("act", "kind", "told"),
    [
        (vendor.fail(401, "invalid_api_key"), Refused, "check its key"),
        (vendor.fail(403, "unsupported_country"), Refused, "unsupported_country"),
        (vendor.fail(402, "billing"), Refused, "credit"),
        (vendor.fail(429, "insufficient_quota", "insufficient_quota"), Refused, "add credit"),
        (vendor.fail(429, "x", "insufficient_quota"), Refused, "add credit"),
        (vendor.fail(404, "model_not_found"), Refused, "model_not_found"),
        (vendor.fail(400, "invalid_json_schema"), Permanent, "invalid_json_schema"),
        (vendor.fail(408, "timeout"), Transient, "408"),
        (vendor.fail(500, "server_error"), Transient, "500"),
        (vendor.fail(503, "overloaded"), Transient, "503"),
        (vendor.fail(520, "odd"), Transient, "520"),
        (vendor.send_page, Transient, "not JSON"),
        (vendor.send_half, Transient, "not JSON"),
        (lambda handler, _: handler.send(200, b"{}"), Transient, "not of its kind"),
        (vendor.drop, Transient, "cannot be reached"),
    ],
)
def test_an_error_is_told_for_what_it_is_and_asked_once(server, act, kind, told):
    server.acts = [act]
    with pytest.raises(
        Permanent if issubclass(kind, Permanent) else Transient, match=told
    ) as found:
        translate(server, "One.")
    assert type(found.value) is kind
    assert len(server.requests) == 1, "the database owns retries, not the SDK"
    assert kind is Permanent or vendor.KEY not in str(found.value)


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({}, None, None),
        ({"retry_after": "7"}, 7, 7),
        ({"retry_after": LATER}, 600, 3600),
        ({"retry_after": GONE}, 0, 0),
        ({"retry_after": "soon"}, None, None),
    ],
)
def test_a_rate_limit_tells_when_to_come_back(server, headers, least, most):
    server.acts = [vendor.fail(429, "rate_limit_exceeded", **headers)]
    with pytest.raises(RateLimited) as found:
        translate(server, "One.")
    wait = found.value.retry_after
    assert wait is None if least is None else least <= wait <= most


@pytest.mark.parametrize("act", [vendor.hang, vendor.trickle])
def test_a_call_has_one_deadline_however_its_answer_trickles_in(server, monkeypatch, act):
    monkeypatch.setattr(openai_answers, "DEADLINE_S", 0.6)
    server.acts = [act]
    began = time.monotonic()
    with pytest.raises(Transient, match=r"no answer in|cannot be reached: APITimeoutError"):
        translate(server, "One.")
    assert time.monotonic() - began < 5


def test_a_run_that_failed_within_a_200(server):
    for code, kind in (("server_error", Transient), ("rate_limit_exceeded", RateLimited)):
        failure = {"error": {"code": code, "message": "no"}}
        server.acts = [lambda handler, _, more=failure: handler.answer([], "failed", **more)]
        with pytest.raises(kind, match=code):
            translate(server, "One.")


@pytest.mark.parametrize("act", [vendor.refuse, vendor.cut_off])
def test_a_refusal_and_a_cut_answer_give_no_text_and_say_why(server, act):
    server.acts = [act]
    answer = build_translator(server).translate(build_batch(["One.", "Two."]), call=None)
    assert list(answer.texts) == ["", ""]
    assert "I cannot help with that" in answer.reason or "max_output_tokens" in answer.reason
    assert answer.cost.usd > 0, "it is paid for all the same"


@pytest.mark.parametrize("texts", ['["es One."]', "null", "7", '{"s0": 5, "s9": "x"}', "", "{"])
def test_an_answer_against_the_schema_gives_no_text(server, texts):
    server.acts = [lambda handler, _: handler.answer([vendor.text_part(texts)])]
    assert translate(server, "One.") == [""]


def test_without_a_key_it_refuses_before_it_asks(server):
    with pytest.raises(Refused, match="OPENAI_API_KEY"):
        build_translator(server, openai_api_key="")


def run_stage(server: Server, folder: Path, *texts: str) -> tuple[list[str], list[str]]:
    """What `mt` makes of these lines, and its warnings."""
    segments = tuple(
        Segment(id=id_, start=id_, end=id_ + 0.9, text=text) for id_, text in enumerate(texts)
    )
    source = Transcript(language="en", duration=len(texts) + 1, segments=segments)
    translator = build_translator(server)
    done = translate_lines(translator, source, "es", LocalContext(folder), GLOSSARY)
    return [line.text for line in done.values()], list(list_warnings(done, translator))


def lose_first(texts: dict[str, str]) -> dict[str, str]:
    return dict(list(texts.items())[1:])


def say_six(texts: dict[str, str]) -> dict[str, str]:
    return {key: text.replace("5", "6") for key, text in texts.items()}


@pytest.mark.parametrize("change", [lose_first, say_six])
def test_only_the_lines_that_fail_are_asked_for_again(server, tmp_path, change):
    server.acts = [vendor.answer_texts(change)]
    texts, warnings = run_stage(server, tmp_path, "It is 5.", "Two.", "...", "Three.")
    assert texts == ["es It is 5.", "es Two.", "...", "es Three."]
    assert warnings == []
    assert server.list_keys() == [["s0", "s1", "s3"], ["s0"]]
    [line] = vendor.read_question(server.requests[1])["lines"].values()
    assert line["fault"] in {"nothing was given", "it lacks the number 5"}


def test_a_line_that_always_fails_is_told_of_and_keeps_what_there_is(server, tmp_path):
    server.acts = [vendor.answer_texts(say_six)] * 3
    texts, warnings = run_stage(server, tmp_path, "It is 5.")
    assert texts == ["es It is 6."]
    assert warnings == ["Line 1: it lacks the number 5; change it if that is wrong"]
    assert len(server.requests) == 2, "the very same question is not bought twice"


def test_a_line_that_it_refuses_spoils_no_other(server, tmp_path):
    def refuse_bad(handler, body):
        lines = vendor.read_question(body)["lines"].values()
        bad = any("bad" in line["text"] for line in lines)
        (vendor.refuse if bad else vendor.answer_well)(handler, body)

    server.acts = [refuse_bad] * 5
    texts, warnings = run_stage(server, tmp_path, "One.", "A bad word.", "Two.")
    assert texts == ["es One.", "", "es Two."]
    [warning] = warnings
    assert "Line 2 has no translation" in warning
    assert "I cannot help with that" in warning
    assert [len(keys) for keys in server.list_keys()] == [3, 3, 1, 1, 1]


def test_when_it_translates_nothing_the_stage_fails(server, tmp_path):
    server.acts = [vendor.refuse] * 5
    with pytest.raises(Refused, match=r"none of 1 lines: openai refuses it: I cannot"):
        run_stage(server, tmp_path, "One.")


def test_an_answer_is_bought_once(server, tmp_path):
    server.acts = [vendor.answer_texts(say_six)] * 3
    for _ in range(2):
        run_stage(server, tmp_path, "It is 5.", "Two.")
    assert len(server.requests) == 2


def test_lines_are_shortened_unless_that_loses_something(server):
    long = [
        OverlongText("es muy largo 5", "It is long 5", 1.0, 8),
        OverlongText("corto", "x", 1, 3),
    ]
    server.acts = [vendor.answer_texts(lambda _: {"s0": "largo 5", "s1": "cortito"})]
    server.acts += [vendor.answer_texts(lambda _: {"s0": "largo"})]
    shortener = build_translator(server)
    assert isinstance(shortener, Shortener)
    assert shortener.shorten(long, "en", "es", call=None).texts == ["largo 5", "corto"]
    assert shortener.shorten(long, "en", "es", call=None).texts == ["es muy largo 5", "corto"]


def test_a_faulty_text_is_kept_when_there_is_none_the_next_time(server, tmp_path):
    nothing = vendor.answer_texts(lambda _: {})
    server.acts = [vendor.answer_texts(say_six), nothing, nothing]
    texts, warnings = run_stage(server, tmp_path, "It is 5.")
    assert texts == ["es It is 6."]
    assert "lacks the number 5" in warnings[0]


def test_what_it_refused_is_asked_for_again_in_the_next_run(server, tmp_path):
    server.acts = [vendor.refuse, vendor.refuse, vendor.answer_well, vendor.refuse]
    assert run_stage(server, tmp_path, "One.", "Two.")[0] == ["es One.", ""]
    assert run_stage(server, tmp_path, "One.", "Two.") == (["es One.", "es Two."], [])


def test_a_line_without_its_term_is_asked_for_again_and_told_of(server, tmp_path):
    server.acts = [vendor.answer_well, vendor.answer_texts(lambda _: {"s0": "La batería es 5."})]
    texts, warnings = run_stage(server, tmp_path, "The battery is 5.", "Dubline is on.")
    assert (texts, warnings) == (["La batería es 5.", "es Dubline is on."], [])
    assert server.list_keys() == [["s0", "s1"], ["s0"]]
    asked = vendor.read_question(server.requests[1])
    assert asked["glossary"] == {"battery": "batería", "Dubline": "Dubline"}
    assert asked["lines"]["s0"]["fault"] == "it lacks 'batería' for 'battery'"


def test_a_shorter_line_keeps_its_terms(server):
    one = OverlongText("la batería muy cara", "the battery", 1.0, 8, (("battery", "batería"),))
    server.acts = [vendor.answer_texts(lambda _: {"s0": "muy cara"})]
    assert build_translator(server).shorten([one], "en", "es", call=None).texts == [one.text]
    [line] = vendor.read_question(server.requests[0])["lines"].values()
    assert line["keep"] == ["batería"]
