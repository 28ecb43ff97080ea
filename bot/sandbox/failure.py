"""Telegram's refusals, with its own words."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """A call that Telegram refuses: HTTP status, description and, where it has them, parameters."""

    def __init__(self, code: int, description: str, parameters: dict[str, Any] | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters

    def body(self) -> dict[str, Any]:
        extra = {"parameters": self.parameters} if self.parameters else {}
        return {"ok": False, "error_code": self.code, "description": self.description, **extra}


def bad(words: str) -> ApiError:
    """Return a 400 as Telegram words it: the first letter is small unless the words are an identifier."""
    return ApiError(400, f"Bad Request: {_small(words)}")


def forbidden(words: str) -> ApiError:
    """Return a 403 as Telegram words it."""
    return ApiError(403, f"Forbidden: {_small(words)}")


def too_many(seconds: int) -> ApiError:
    """Return a 429 that asks to wait."""
    return ApiError(429, f"Too Many Requests: retry after {seconds}", {"retry_after": seconds})


def _small(words: str) -> str:
    second = words[1:2]
    return words if second == "_" or second.isupper() else words[:1].lower() + words[1:]


class NotPossible(Exception):  # noqa: N818 - what a person tried and a Telegram client would not let them do
    """A deed of a person that the control API refuses, with a clear sentence."""
