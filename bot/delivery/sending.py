"""Sending: one letter to Telegram, as a new message or in place of an old one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.delivery.outcome import Kind, Outcome, of_answer, of_failure
from bot.delivery.rendering import Letter
from bot.transport import NO_ANSWER, Answer, Wire
from storage import posts

_ENDED = (Kind.SENT, Kind.REJECTED)
"""Telegram has decided, and the next call may follow."""


async def send(wire: Wire, letter: Letter) -> Outcome:
    """Send one letter and return how it ended; never raises for what the network does."""
    if letter.replaces is not None:
        outcome = await _replaced(wire, letter, letter.replaces)
        if outcome is not None:
            return outcome
    try:
        answer = await _sent(wire, letter)
    except NO_ANSWER as error:
        return of_failure(error)
    outcome = of_answer(answer)
    if outcome.kind is Kind.SENT and letter.row.thread_id is not None and _strayed(answer, letter.row.thread_id):
        return replace(outcome, kind=Kind.REJECTED, reason=posts.ELSEWHERE)
    return outcome


async def _sent(wire: Wire, letter: Letter) -> Answer:
    if letter.screen.media:
        return await wire.call(*_with_media(letter))
    return await wire.call("sendMessage", _besides(letter), beginning=letter.beginning)


def _strayed(answer: Answer, thread_id: int) -> bool:
    """Tell whether Telegram put a message into another thread than was asked: it has been seen to do so."""
    return bool(answer.body["result"].get("message_thread_id") != thread_id)


async def _replaced(wire: Wire, letter: Letter, message_id: int) -> Outcome | None:
    # Whatever became of an edit or a deletion, the next one finds the same message.
    try:
        outcome = await _replace(wire, letter, message_id)
    except NO_ANSWER as error:
        outcome = of_failure(error)
    return None if outcome is None else replace(outcome, harmless=True)


async def _replace(wire: Wire, letter: Letter, message_id: int) -> Outcome | None:
    where: dict[str, Any] = {"chat_id": letter.chat_id, "message_id": message_id}
    if letter.row.also:
        outcome = await _withdraw(wire, letter, letter.row.also)
        if outcome.kind not in _ENDED:
            return outcome
        if message_id in letter.row.also:
            return None
    elif not letter.screen.in_place and (letter.screen.protected or letter.screen.media):
        # A message cannot become protected by an edit: what is protected comes as a new message in its place.
        await wire.call("deleteMessage", where)
        return None
    outcome = of_answer(await wire.call(*_edit(letter, where)))
    if outcome.kind is Kind.REJECTED:
        if "message is not modified" in (outcome.reason or ""):
            return Outcome(Kind.SENT, message_id=message_id)
        return None  # deleted, or too old to be edited: a fresh one says the same
    return outcome


async def _withdraw(wire: Wire, letter: Letter, messages: list[int]) -> Outcome:
    """Delete what carries pictures or documents; what is too old for that says below the first one why it is void."""
    where = {"chat_id": letter.chat_id, "message_ids": messages}
    outcome = of_answer(await wire.call("deleteMessages", where))
    if outcome.kind is not Kind.REJECTED:
        return outcome
    caption = _captioned({**letter.parameters, "chat_id": letter.chat_id, "message_id": messages[0]})
    caption.pop("reply_markup", None)
    return of_answer(await wire.call("editMessageCaption", caption))


def _edit(letter: Letter, where: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    parameters = {**where, **letter.parameters}
    return ("editMessageCaption", _captioned(parameters)) if letter.screen.media else ("editMessageText", parameters)


def _besides(letter: Letter) -> dict[str, Any]:
    """Return the parameters that are a letter's own, and not of what it says."""
    parameters: dict[str, Any] = {"chat_id": letter.chat_id}
    if letter.screen.protected:
        parameters["protect_content"] = True
    if letter.row.silent:
        parameters["disable_notification"] = True
    if letter.paid:
        parameters["allow_paid_broadcast"] = True
    if letter.row.thread_id is not None:
        parameters["message_thread_id"] = letter.row.thread_id
    return parameters


def _with_media(letter: Letter) -> tuple[str, dict[str, Any]]:
    media = letter.screen.media
    parameters = _captioned({**letter.parameters, **_besides(letter)})
    if len(media) > 1:
        return "sendMediaGroup", _album(parameters, media)
    kind, file_id = media[0]
    return ("sendPhoto" if kind == "photo" else "sendDocument"), {**parameters, kind: file_id}


def _captioned(parameters: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters of a text as those of what is written below a picture or a document."""
    kept = {name: value for name, value in parameters.items() if name not in ("text", "link_preview_options")}
    return {**kept, "caption": parameters["text"]}


def _album(parameters: dict[str, Any], media: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    """Return the parameters of an album; what is written below its first piece is written below all of it."""
    said = {name: parameters.pop(name) for name in ("caption", "parse_mode")}
    parameters.pop("reply_markup", None)
    pieces = [{"type": kind, "media": file_id} for kind, file_id in media]
    return {**parameters, "media": [{**pieces[0], **said}, *pieces[1:]]}
