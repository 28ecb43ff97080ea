"""The letters of mail itself: a code, an invitation, and the offer of the other channel."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any

from handlers.buttons import Button
from handlers.context import Policy
from handlers.feature import Load, Notice
from handlers.language import Html, Say
from handlers.mail.channel import Reach
from handlers.mail.words import about
from handlers.mails import Mail, compose, plain_of
from handlers.screens import Screen, lines
from storage import by_mail, mail
from storage.access import Viewer
from storage.database import Transaction
from storage.mail import Purpose
from storage.members import BELONGING, Channel, MemberState
from storage.outbox import Facts
from storage.tlp import Label


async def _load_code(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, str]:
    at = datetime.fromisoformat(facts["at"])
    found = {viewer.id: await mail.code_of(tx, viewer.id, at) for viewer in viewers}
    return {number: code for number, code in found.items() if code is not None}


def _code(code: str, say: Say, policy: Policy, _stop_url: str | None) -> Mail:
    minutes = int(mail.CODE_FOR.total_seconds() // 60)
    told = say.many(
        "Your code is {code}. It is good for {n} minute.",
        "Your code is {code}. It is good for {n} minutes.",
        minutes,
        code=Html(f"<b>{code}</b>"),
    )
    nobody = say("If you did not ask for it, somebody mistyped their address: nothing need be done.")
    return compose(_subject(say, policy, say("your code")), Label.CLEAR, [told, nobody], say)


def _linked(purpose: Purpose, states: Collection[MemberState]) -> Load:
    async def load(tx: Transaction, _facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, str]:
        found = await mail.addressed(tx, [viewer.id for viewer in viewers if viewer.state in states])
        return {number: f"{purpose}/{await mail.token(tx, purpose, row)}" for number, row in found.items()}

    return load


def _invitation(path: str, say: Say, policy: Policy, _stop_url: str | None) -> Mail:
    paragraphs = [
        say("You have been invited to {network}, whose digests will come to this address.", network=policy.network),
        _link(say("Read the terms and join"), path, policy),
        say("If you do not want to join, do nothing: no other mail will come, and your address is deleted in a month."),
    ]
    return compose(_subject(say, policy, say("your invitation")), Label.CLEAR, paragraphs, say)


def _offer(path: str, say: Say, policy: Policy, stop_url: str | None) -> Mail:
    paragraphs = [
        say("Telegram has not reached you for a while. Digests of {network} can come by mail.",
            network=policy.network),
        _link(say("Get them by mail"), path, policy),
        about(say),
    ]  # fmt: skip
    why = say("You get this because you gave this address to {network}.", network=policy.network)
    return compose(_subject(say, policy, say("digests by mail?")), Label.CLEAR, paragraphs, say, stop_url, why)


def _subject(say: Say, policy: Policy, about_what: str) -> str:
    return plain_of(say("{network}: {about}", network=policy.network, about=about_what))


def _link(words: Html, path: str, policy: Policy) -> Html:
    return Html(f'<a href="{escape(f"{policy.mail_url}/{path}")}">{words}</a>')


def _unsaid(_content: Any, _say: Say, _policy: Policy) -> Screen:
    raise LookupError("this is said by mail only")


async def _load_back(tx: Transaction, _facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, bool]:
    del tx
    return {viewer.id: True for viewer in viewers if viewer.active}


def _back(_content: bool, say: Say, _policy: Policy) -> Screen:  # noqa: FBT001 - who may read it is all there is to know
    words = say("Two weeks of digests could not be delivered to your mail address.")
    return Screen(
        lines([words, say("They can come in Telegram instead.")]),
        ((Button(say("Get it in Telegram"), Reach(Channel.TELEGRAM), style="primary"),),),
    )


NOTICES = (
    Notice(mail.CODE, _unsaid, _load_code, mail=_code, proves=True),
    Notice(by_mail.JOIN, _unsaid, _linked(Purpose.JOIN, {MemberState.APPROVED}), mail=_invitation, proves=True),
    Notice(mail.TAKE_MAIL, _unsaid, _linked(Purpose.TAKE, BELONGING), mail=_offer),
    Notice(mail.TAKE_TELEGRAM, _back, _load_back),
)
