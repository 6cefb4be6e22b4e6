"""Models in CTranslate2's form, by their folders: tiny ones with weights by chance."""

from pathlib import Path

import pytest

from backend.errors import Permanent
from backend.settings import Settings
from tests.provider_checks import check_translator
from tests.stage_context import build_batch
from tests.tiny_models import write_argos_model, write_opus_model
from workers.providers.registry import ProviderRegistry

FORMS = {"opus": write_opus_model, "argos": write_argos_model}


def build(models: Path):
    return ProviderRegistry(Settings(models_dir=models)).get_translator("ctranslate2")


def translate(translator, *texts: str, source: str = "en", target: str = "es") -> list[str]:
    return list(translator.translate(build_batch(texts, target, source), call=None).texts)


@pytest.mark.parametrize("form", FORMS)
def test_a_model_of_each_form_translates(form, tmp_path):
    FORMS[form](tmp_path / "ctranslate2-en-es")
    translator = build(tmp_path)
    answer = check_translator(translator, "es-MX", call=None)
    assert answer.texts[0] == answer.texts[2]
    odd = ["...", "", "a\nb", "🎉", "♪ Yes ♪ https://a.example"]
    told = translate(translator, *odd)
    assert len(told) == len(odd)
    assert told[1] == ""
    assert told[4].startswith("♪ ")
    assert told[4].endswith("https://a.example")


def test_a_pair_that_is_not_there_goes_by_way_of_english(tmp_path):
    for pair in ("es-en", "en-pt"):
        write_opus_model(tmp_path / f"ctranslate2-{pair}")
    translator = build(tmp_path)
    [half] = translate(translator, "Hello to all.", source="es", target="en")
    [whole] = translate(translator, "Hello to all.", source="es", target="pt")
    again = translator._get_pair(tmp_path / "ctranslate2-en-pt")
    with again.use() as second, translator._get_pair(tmp_path / "ctranslate2-es-en").use() as first:
        assert [half] == first.translate(["Hello to all."])
        assert [whole] == [" ".join(" ".join(second.translate([half])).split())]


def test_it_lists_what_models_lead_to(tmp_path):
    for pair in ("es-en", "en-pt", "fr-de"):
        (tmp_path / f"ctranslate2-{pair}").mkdir()
    translator = build(tmp_path)
    targets = {source: translator.list_targets(source) for source in ("es", "en", "fr", "pt")}
    assert targets == {"es": ["en", "pt"], "en": ["pt"], "fr": ["de"], "pt": []}
    for source, found in targets.items():
        for target in found:
            translator.check(source, target)


def test_what_an_answer_has_to_begin_with_is_no_part_of_it(tmp_path):
    write_argos_model(tmp_path / "ctranslate2-en-es")
    write_argos_model(tmp_path / "ctranslate2-en-pt", prefix="▁T")
    translator = build(tmp_path)
    [plain] = translate(translator, "Yes.")
    [told] = translate(translator, "Yes.", target="pt")
    assert told != plain
    with translator._get_pair(tmp_path / "ctranslate2-en-pt").use() as pair:
        found = pair._engine.translate_batch(
            pair._source.encode(["Yes."], out_type=str), target_prefix=[["▁T"]], beam_size=4
        )
    assert found[0].hypotheses[0][0] == "▁T"
    assert told == " ".join(pair._target.decode(found[0].hypotheses[0][1:]).split())


@pytest.mark.parametrize("missing", ["model.bin", "source.spm"])
def test_a_folder_that_is_no_model_is_named_with_what_it_lacks(missing, tmp_path):
    folder = write_opus_model(tmp_path / "ctranslate2-en-es")
    (folder / missing).unlink()
    with pytest.raises(Permanent, match=r"ctranslate2-en-es is no model .* it has no "):
        translate(build(tmp_path), "Yes.")


def test_without_models_it_is_told_where_to_put_one(tmp_path):
    with pytest.raises(Permanent, match=r"no model: put one into .*/ctranslate2-en-es \(docs/"):
        build(tmp_path)
    write_opus_model(tmp_path / "ctranslate2-en-es")
    with pytest.raises(Permanent, match=r"English to German: put one into .*/ctranslate2-en-de "):
        build(tmp_path).check("en", "de")
