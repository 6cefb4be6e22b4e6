"""Asks a model of OpenAI's for texts by key (Responses API), and tells how that failed."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from openai import APIConnectionError, APIError, APIStatusError, AsyncOpenAI
from openai.types.responses import Response, ResponseUsage

from backend.errors import Permanent, RateLimited, Refused, Transient
from backend.settings import Settings
from workers.providers.vendor_errors import VendorFailure, build_error, read_failure

DEADLINE_S = 180.0  # for all of one call, however slowly its answer trickles in
NOT_JSON = "openai answered with something that is not JSON, or not of its kind"
TOLD = 200  # characters of a message of theirs


@dataclass(frozen=True)
class KeyedTexts:
    """The texts by key as far as there are any, why there are no more, and the tokens used."""

    texts: Mapping[str, str]
    reason: str
    units: Mapping[str, float]


class OpenAIModel:
    """The model of the settings."""

    def __init__(self, settings: Settings) -> None:
        self.name = settings.openai_model
        self._url = settings.openai_url
        self._key = settings.openai_api_key.get_secret_value()
        if not self._key:
            raise Refused("OPENAI_API_KEY: needed for the provider openai")

    def ask(self, instructions: str, question: Any, keys: Sequence[str], size: int) -> KeyedTexts:
        """A text for each key in at most `size` tokens; raises errors of the domain only."""
        request = {
            "model": self.name,
            "instructions": instructions,
            "input": json.dumps(question, ensure_ascii=False),
            "store": False,
            "reasoning": {"effort": "none"},
            "max_output_tokens": size,
            "text": {"format": build_format(keys)},
        }
        try:
            return read_answer(asyncio.run(self._send(request)), keys)
        except TimeoutError:
            raise Transient(f"openai gave no answer in {DEADLINE_S:.0f} s") from None
        except json.JSONDecodeError:  # which the client lets through
            raise Transient(NOT_JSON) from None
        except APIError as error:
            raise build_error(
                "openai", "translation", describe_error(error), (self._key,)
            ) from None

    async def _send(self, request: Mapping[str, Any]) -> object:
        # A time-out of the client's own is for each read: only asyncio's is for all of them.
        client = AsyncOpenAI(
            api_key=self._key, base_url=self._url, max_retries=0, timeout=DEADLINE_S
        )
        async with asyncio.timeout(DEADLINE_S), client:
            return await client.responses.create(**request)


def build_format(keys: Sequence[str]) -> Mapping[str, Any]:
    """An object with a text for each key: of a list, a model may merge or drop items."""
    schema = {
        "type": "object",
        "properties": {key: {"type": "string"} for key in keys},
        "required": list(keys),
        "additionalProperties": False,
    }
    return {"type": "json_schema", "name": "lines", "strict": True, "schema": schema}


def read_answer(answer: object, keys: Sequence[str]) -> KeyedTexts:
    """What a 200 holds: texts, or a refusal, or an answer that was cut off."""
    if not isinstance(answer, Response) or not isinstance(answer.output, list):
        raise Transient(NOT_JSON)
    if answer.status == "failed":
        _raise_failure(answer)
    texts = _parse_texts(answer.output_text, keys)
    units = _count_tokens(answer.usage)
    return KeyedTexts(texts, "" if len(texts) == len(keys) else _explain_lack(answer), units)


def _raise_failure(answer: Response) -> NoReturn:
    code = answer.error.code if answer.error else "no reason given"
    if code == "rate_limit_exceeded":
        raise RateLimited(f"openai failed: {code}")
    kind = Transient if code in {"server_error", "no reason given"} else Permanent
    raise kind(f"openai failed: {code}")


def _parse_texts(text: str, keys: Sequence[str]) -> Mapping[str, str]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    if not isinstance(found, dict):
        return {}
    return {key: found[key] for key in keys if isinstance(found.get(key), str) and found[key]}


def _explain_lack(answer: Response) -> str:
    if answer.incomplete_details:
        return f"openai's answer was cut off ({answer.incomplete_details.reason})"
    for message in answer.output:
        for part in message.content if message.type == "message" else ():
            if part.type == "refusal":
                return f"openai refuses it: {part.refusal[:TOLD]}"
    return "openai's answer lacks it"


def _count_tokens(usage: ResponseUsage | None) -> Mapping[str, float]:
    if usage is None:
        return {}
    # Services that speak alike leave details out.
    cached = getattr(usage.input_tokens_details, "cached_tokens", 0) or 0
    return {
        "input_tokens": usage.input_tokens - cached,
        "cached_tokens": cached,
        "output_tokens": usage.output_tokens,
    }


def describe_error(error: APIError) -> VendorFailure:
    """What an error of the client's tells."""
    if isinstance(error, APIConnectionError):
        return VendorFailure(message=f"it cannot be reached: {type(error).__name__}")
    if not isinstance(error, APIStatusError):
        return VendorFailure(message=NOT_JSON)
    return read_failure(error.status_code, error.body, error.response.headers, "x-request-id")
