"""The words for where a feed stands, and for why one cannot be read."""

from __future__ import annotations

from handlers.language import Html, Say, isolated, text
from storage.feeds import Approval, Feed, FeedState, Standing, Target

_NO_PAGE = text("The address is not one of a web page.")
_NO_ANSWER = text("The site does not answer.")
PROBLEMS = {
    "url": _NO_PAGE,
    "scheme": _NO_PAGE,
    "credentials": _NO_PAGE,
    "host": _NO_PAGE,
    "port": text("Nothing is read from this port."),
    "private": text("The address leads into a private network, and nothing is read from there."),
    "downgrade": text("The site redirects from an encrypted address to one that is not."),
    "redirects": text("The site redirects again and again."),
    "big": text("What the site sends is too large."),
    "name": text("There is no site of this name."),
    "connection": _NO_ANSWER,
    "silence": _NO_ANSWER,
    "certificate": text("The site cannot prove who it is: its certificate is not valid."),
    "encoding": text("The site packs its answer in a way that is not understood here."),
    "page": text("This is a web page, not a feed. Look on the site for a link called RSS or Atom."),
    "feed": text("What the site sends is no RSS or Atom feed."),
    "marks": text("What the site sends is too tangled to be read."),
}
TARGETS = {
    Target.TOPIC: text("Items are posted in the topic."),
    Target.DIGEST: text("Items are kept for digests and are not posted."),
}
APPROVALS = {
    Approval.MODERATOR: text("A moderator decides on each of them."),
    Approval.AUTOMATIC: text("They come by themselves."),
}
STATES = {
    FeedState.ACTIVE: text("read every hour"),
    FeedState.PAUSED: text("paused"),
    FeedState.FAILING: text("cannot be read"),
}


def problem(code: str, say: Say) -> Html:
    """Return why a feed cannot be read, as a sentence."""
    status = code.removeprefix("http-")
    if status != code:
        return say("The site answers with error {status}.", status=status)
    return say(PROBLEMS.get(code, _NO_ANSWER))


def named(feed: Feed) -> Html:
    """Return what a feed is called: by its title, or its address while that is not known."""
    return isolated(feed.title or feed.url)


def standing(found: Standing, say: Say) -> Html:
    """Return when a feed was read, or why it is not."""
    feed = found.feed
    if feed.state is FeedState.PAUSED:
        return say("It is paused: nothing new comes.")
    if feed.problem is not None:
        why = problem(feed.problem, say)
        return say("It could not be read. {why} It is tried again {when}.", why=why, when=say.moment(feed.due_at))
    if feed.read_at is None:
        return say("It is being read for the first time.")
    return say("It is read every hour, the last time {when}.", when=say.moment(feed.read_at))
