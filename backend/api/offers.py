"""/v1/engines, /v1/languages, /v1/voices: what this installation can do."""

from typing import Any

from flask.views import MethodView

from backend.api import schemas
from backend.api.http.context import get_parts
from backend.api.http.requests import Blueprint
from backend.documents.languages import get_name, get_own_name, normalize
from backend.jobs.offers import read_offer
from backend.pipeline.offers import EngineOffer, list_voiced_languages, list_works

blueprint = Blueprint(
    "offers",
    __name__,
    url_prefix="/v1",
    description="What this installation can do, as its workers have told at their start",
)


@blueprint.route("/engines")
class EnginesResource(MethodView):
    """Engines and vendors."""

    @blueprint.doc(operationId="listEngines")
    @blueprint.response(200, schemas.EngineSchema(many=True))
    def get(self) -> list[dict[str, Any]]:
        """List the engines and vendors that jobs may name, those included that do not work.

        In the order in which they are asked where a job names none.
        """
        return [_build_engine(one) for one in read_offer(get_parts().db).engines]


@blueprint.route("/languages")
class LanguagesResource(MethodView):
    """Languages."""

    @blueprint.doc(operationId="listLanguages")
    @blueprint.response(200, schemas.LanguageSchema(many=True))
    def get(self) -> list[dict[str, Any]]:
        """List the languages with which somebody here can do something.

        An engine that takes any language is named at each one that is known by others.
        """
        works = list_works(read_offer(get_parts().db))
        return [
            {**work, "language": tag, "name": get_name(tag), "own_name": get_own_name(tag)}
            for tag, work in works.items()
        ]


@blueprint.route("/voices")
class VoicesResource(MethodView):
    """Voices."""

    @blueprint.doc(operationId="listVoices")
    @blueprint.arguments(schemas.VoicesQuerySchema, location="query")
    @blueprint.response(200, schemas.VoiceSchema(many=True))
    def get(self, query: dict[str, Any]) -> list[dict[str, Any]]:
        """List the voices that jobs may name, the best ones of each provider first.

        Those of a region are listed where it has voices of its own.
        """
        offer = read_offer(get_parts().db)
        asked = query["language"]
        tags = [normalize(asked)] if asked else list_voiced_languages(offer)
        return [
            {"language": tag, "provider": engine.name, **voice.model_dump()}
            for tag in tags
            for engine in offer.engines
            for voice in engine.list_voices(tag)
        ]


def _build_engine(one: EngineOffer) -> dict[str, Any]:
    return {**one.model_dump(), "works": one.problem is None}
