"""Pages: what the links in mails open in a browser, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from handlers.context import Policy
from handlers.language import Html, Say
from handlers.mail.words import about
from handlers.terms import terms
from storage.mail import Purpose


@dataclass(frozen=True)
class Page:
    """A page in Telegram's HTML: a heading, paragraphs, and the one button there is, if there is one."""

    title: Html
    paragraphs: tuple[str, ...] = ()
    button: Html | None = None


def asking(purpose: Purpose, say: Say, policy: Policy) -> Page:
    """Return the page that a link opens: nothing happens before the button is pressed."""
    return _ASKING[purpose](say, policy)


def done(purpose: Purpose, say: Say, policy: Policy, *, in_telegram: bool) -> Page:
    """Return the page that says what was done; `in_telegram` tells whether the reader has an account there."""
    return _DONE[purpose](say, policy, in_telegram)


def nowhere(policy: Policy) -> Page:
    """Return the page of a link that leads nowhere, in every language of the network: nobody knows who reads it."""
    told = [Say(code)("This link does not lead anywhere now.") for code in policy.languages]
    return Page(Say(policy.default_language)("{network}", network=policy.network), tuple(told))


def _stop(say: Say, policy: Policy) -> Page:
    words = say("You will get no more digests of {network} by mail.", network=policy.network)
    return Page(say("Stop these mails?"), (words,), say("Stop these mails"))


def _join(say: Say, policy: Policy) -> Page:
    lead = say("You have been invited to {network}. Please read its terms.", network=policy.network)
    title = say("Welcome to {network}", network=policy.network)
    return Page(title, (lead, terms(say, policy), about(say)), say("Accept and join"))


def _take(say: Say, policy: Policy) -> Page:
    lead = say("Telegram has not reached you for a while. Digests of {network} can come by mail.",
               network=policy.network)  # fmt: skip
    return Page(say("Digests by mail?"), (lead, about(say)), say("Get them by mail"))


def _stopped(say: Say, _policy: Policy, in_telegram: bool) -> Page:  # noqa: FBT001 - see `done`
    there = say("Digests come in Telegram from now on; /settings there changes it.")
    resting = say("Nothing is sent to you any more. The link in your invitation starts the digests again.")
    return Page(say("No more mails will come."), (there if in_telegram else resting,))


def _joined(say: Say, policy: Policy, _in_telegram: bool) -> Page:  # noqa: FBT001 - see `done`
    words = say("Digests will come to your mail address. Each of them says how to stop them.")
    return Page(say("You are a member of {network}.", network=policy.network), (words,))


def _taken(say: Say, _policy: Policy, _in_telegram: bool) -> Page:  # noqa: FBT001 - see `done`
    return Page(say("Digests come by mail from now on."), (say("Each of them says how to stop them."),))


_ASKING: dict[Purpose, Callable[[Say, Policy], Page]] = {
    Purpose.STOP: _stop,
    Purpose.JOIN: _join,
    Purpose.TAKE: _take,
}
_DONE: dict[Purpose, Callable[[Say, Policy, bool], Page]] = {
    Purpose.STOP: _stopped,
    Purpose.JOIN: _joined,
    Purpose.TAKE: _taken,
}
