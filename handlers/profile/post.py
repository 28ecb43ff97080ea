"""A change of name or post: the form with what is known already, and what will happen, said before it is sent."""

from __future__ import annotations

from handlers.applications.form import PERSON, filled
from handlers.buttons import Button
from handlers.context import Context, Policy
from handlers.feature import notice
from handlers.forms import Answers, Dialogue, Form
from handlers.language import Html, Say, text
from handlers.presses import Home, Open
from handlers.prompts import shown
from handlers.screens import Screen, lines
from storage import applications, dialogues, members, profile
from storage.access import Action, Viewer
from storage.applications import ApplicationKind
from storage.database import Transaction
from storage.outbox import Facts, Promise, promise
from storage.profile import Profile

NAME = "post"


async def change(context: Context) -> None:
    """Open the form with what is known already, or go on with it."""
    async with context.reading() as tx:
        row = await dialogues.current(tx, context.member.id)
        known = _known(await profile.mine(tx, context.viewer))
    await context.begin(NAME, None if row is not None and row.name == NAME else known)


def _known(found: Profile) -> dict[str, str]:
    member = found.member
    category = member.category.value if member.category else None
    facts = {"name": member.name, "organisation": found.organisation, "category": category, "country": member.country}
    return {name: value for name, value in facts.items() if value is not None}


async def _mine(tx: Transaction, viewer: Viewer, _answers: Answers) -> Profile:
    return await profile.mine(tx, viewer)


def _summary(form: Form, say: Say) -> Screen:
    rows = [f"{say(step.title)}: {shown(step, form, say)}" for step in PERSON]
    return Screen(lines([f"<b>{say(POST.title)}</b>", "\n".join(rows), _consequence(form, say)]))


def _consequence(form: Form, say: Say) -> Html:
    found: Profile = form.data
    answers = form.answers
    same_organisation = members.key_of(answers["organisation"]) == members.key_of(found.organisation or "")
    if same_organisation and answers["country"] == found.member.country:
        if (answers["name"], answers["category"]) == (found.member.name, found.member.category):
            return say("This is what is known of you. Edit what has changed; then submit it.")
        return say("A reviewer confirms this correction. You stay a member meanwhile, with your roles.")
    if form.policy.admission.vouches:
        return say(
            "⚠️ This is another post. When you submit it, your membership waits until a member vouches for you and a "
            "reviewer approves; your roles end, and you leave the network's groups."
        )
    return say(
        "⚠️ This is another post. When you submit it, your membership waits until a reviewer approves; your roles end, "
        "and you leave the network's groups."
    )


async def _finish(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> None:
    row = await applications.change_post(tx, viewer, filled(answers), context.policy.admission, context.now)
    facts = {"number": row.id, "kind": row.kind.value}
    await promise(tx, [Promise(viewer.id, "post:received", facts, replaces=context.replaces)], context.now)


def _received(facts: Facts, say: Say, policy: Policy) -> Screen:
    sent = say("Thank you. Your change <code>A-{number}</code> was sent.", number=facts["number"])
    if facts["kind"] == ApplicationKind.CORRECTION:
        then = say("A reviewer reads it; you will be told here. You stay a member meanwhile.")
    elif policy.admission.vouches:
        then = say("Members are asked who knows you in your new post, then a reviewer decides; you will be told here.")
    else:
        then = say("A reviewer decides; you will be told here.")
    return Screen(
        lines([sent, then]), ((Button(say("See where it stands"), Open("status")), Button(say("Menu"), Home())),)
    )


RECEIVED = notice("post:received", _received)
POST = Dialogue(
    name=NAME,
    title=text("Name and post"),
    steps=PERSON,
    finish=_finish,
    submit=text("Submit"),
    needs=Action.VALIDATE,
    prepare=_mine,
    summary=_summary,
)
