"""How an entry reads: the same words for others, and for its owner before it is published."""

from __future__ import annotations

from handlers.language import Html, Say, isolated
from handlers.vocabulary import CATEGORIES
from storage.directory import Shown


def headline(shown: Shown, say: Say) -> Html:
    """Return what the entry is called: the name, or that it is a member; the reader's own is marked."""
    name = isolated(shown.name) if shown.name is not None else say("A member")
    return say("{name} (you)", name=name) if shown.mine else name


def summary(shown: Shown, say: Say) -> str:
    """Return organisation, category and country in one line, as far as they are shown."""
    facts = (
        isolated(shown.organisation) if shown.organisation else None,
        say(CATEGORIES[shown.category]) if shown.category else None,
        say.country(shown.country) if shown.country else None,
    )
    return " · ".join(fact for fact in facts if fact)


def described(shown: Shown, say: Say) -> str:
    """Return the whole entry, one fact a line."""
    facts: list[str] = [f"<b>{headline(shown, say)}</b>"]
    if shown.organisation:
        facts.append(say("Organisation: {organisation}", organisation=isolated(shown.organisation)))
    if shown.category:
        facts.append(say("Category: {category}", category=say(CATEGORIES[shown.category])))
    if shown.country:
        facts.append(say("Country: {country}", country=say.country(shown.country)))
    if shown.topics:
        facts.append(say("Topics: {topics}", topics=", ".join(shown.topics)))
    if shown.languages:
        facts.append(say("Languages: {languages}", languages=Html(", ".join(spoken(shown.languages)))))
    if shown.email:
        facts.append(say("E-mail: {address}", address=isolated(shown.email)))
    if shown.about:
        facts.append(say("About my work: {about}", about=isolated(shown.about)))
    if shown.contactable:
        facts.append(say("Can be asked for contact here."))
    return "\n".join(facts)


def spoken(codes: tuple[str, ...]) -> list[Html]:
    """Return languages, each by its own name."""
    return [isolated(Say(code).own_name) for code in codes]
