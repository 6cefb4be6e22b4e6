"""Asks a model of OpenAI's for texts by key (Responses API), and tells how that failed."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn

from httpx2 import codes
from openai import APIConnectionError, APIError, APIStatusError, AsyncOpenAI
from openai.types.responses import Response, ResponseUsage

from backend.errors import DublineError, Permanent, RateLimited, Refused, Transient
from backend.settings import Settings

DEADLINE_S = 180.0  # for all of one call, however slowly its answer trickles in
# A 429 that no waiting mends (platform.openai.com/docs/guides/error-codes, 2026-10).
SPENT = {
    "insufficient_quota",
    "credit_balance_exhausted",
    "organization_spend_limit_exceeded",
    "project_spend_limit_exceeded",
    "organization_usage_limit_exceeded",
}
REFUSED = {codes.UNAUTHORIZED, codes.PAYMENT_REQUIRED, codes.FORBIDDEN}
AGAIN = {codes.REQUEST_TIMEOUT, codes.CONFLICT}
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
            raise translate_error(error) from None

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


def translate_error(error: APIError) -> DublineError:
    """What to do about an error of the client's; messages of theirs may hold parts of the key."""
    if isinstance(error, APIConnectionError):
        return Transient(f"openai cannot be reached: {type(error).__name__}")
    if not isinstance(error, APIStatusError):
        return Transient(NOT_JSON)
    return _translate_status(error)


def _translate_status(error: APIStatusError) -> DublineError:
    status, code = error.status_code, error.code or error.type or "no code"
    told = f"openai answered {status} ({code}), request {error.request_id}"
    if status == codes.TOO_MANY_REQUESTS and {error.code, error.type} & SPENT:
        return Refused(f"{told}: the account's credit or limit is spent")
    if status == codes.TOO_MANY_REQUESTS:
        return RateLimited(told, parse_retry_after(error.response.headers.get("retry-after")))
    if status in REFUSED:
        return Refused(f"{told}: check OPENAI_API_KEY, its project and its credit")
    if status in AGAIN or codes.is_server_error(status):
        return Transient(told)
    return Permanent(f"{told}: {error.message[:TOLD]}")


def parse_retry_after(value: str | None) -> float | None:
    """Seconds, of a number of them or of a date (RFC 9110, 10.2.3); None for neither."""
    try:
        return max(0.0, float(value or ""))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(value or "") - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None
