"""The door and the way home: start, language, menu, help, cancel, settings, where one stands."""

from __future__ import annotations

import re
from dataclasses import dataclass

from handlers.buttons import Button, Press, Row, columns
from handlers.context import Context, Deed, Policy
from handlers.dialogues import cancelled
from handlers.feature import Command, Feature, place, tap
from handlers.language import Say, text
from handlers.presses import Begin, CancelForm, Home, Open
from handlers.screens import Screen, lines
from handlers.vocabulary import MEMBERS_ONLY, STANDING
from storage import members
from storage.access import PENDING, Action, Viewer, allowed
from storage.database import Transaction
from storage.members import MemberState
from storage.refusals import Refusal

PAYLOAD = re.compile(r"[A-Za-z0-9_-]{1,48}")
"""A deep link that the choice of a language carries on; the others are not ours."""
FOREIGN = "-"
"""What is carried on instead of one that is not ours: it leads nowhere, as any unknown one."""
APPLY = "apply"
NOWHERE = text("This link does not lead anywhere now.")
PLACES: tuple[tuple[str, str, Action], ...] = (
    ("topics", text("Topics"), Action.BELONG),
    ("library", text("Library"), Action.BELONG),
    ("digest", text("Digest"), Action.BELONG),
    ("events", text("Events"), Action.BELONG),
    ("directory", text("Directory"), Action.BELONG),
    ("vouches", text("Vouch for applicants"), Action.VOUCH),
    ("links", text("Invite or nominate"), Action.INVITE),
    ("review", text("Review applications"), Action.REVIEW),
    ("members", text("Members"), Action.SEE_MEMBERS),
    ("audit", text("Read the audit log"), Action.AUDIT),
    ("posts", text("Confirm posts"), Action.CONFIRM_POSTS),
    ("announce", text("Announce"), Action.ANNOUNCE),
    ("broadcasts", text("Announcements"), Action.ANNOUNCE),
    ("submit", text("Contribute to the digest"), Action.CONTRIBUTE),
    ("desk", text("Editorial desk"), Action.EDIT),
    ("settings", text("Settings"), Action.BELONG),
)


@dataclass(frozen=True)
class Speak(Press, prefix="lang"):
    """Speak this language from now on, then go on with a deep link's `payload`, if there was one."""

    language: str
    payload: str


async def start(context: Context) -> None:
    payload = context.words
    if not context.member.language_chosen and len(context.policy.languages) > 1:
        kept = payload if not payload or PAYLOAD.fullmatch(payload) else FOREIGN
        await context.show(_languages(context.policy, kept, back=False))
    elif not await _applies(context, payload):
        await _arrive(context, payload)


async def _applies(context: Context, payload: str, first: Deed | None = None) -> bool:
    """Open the form for who may apply, if the link is for that; `first` is done before, in the same transaction."""
    word, _, token = payload.partition("_")
    if not allowed(context.viewer, Action.APPLY) or not (payload == APPLY or word in context.doors):
        return False
    try:
        if payload == APPLY:
            await context.begin("application", first=first)
        else:
            await context.doors[word](context, token, first)
    except Refusal as refusal:
        if refusal.reason == "application:by-invitation" or refusal.reason.endswith(":unknown"):
            return False
        raise
    return True


async def _arrive(context: Context, payload: str) -> None:
    word, _, token = payload.partition("_")
    say, state = context.say, context.viewer.state
    if payload in ("", "menu"):
        await context.show(_entrance(context, None))
    elif payload == APPLY and not context.viewer.active:
        refused = allowed(context.viewer, Action.APPLY) and not context.policy.open_to(context.viewer)
        by_link = say("Only who was nominated or invited by a member can apply.")
        await context.show(_entrance(context, by_link if refused else None))
    elif payload == APPLY:
        await context.show(_entrance(context, say(STANDING[state])))
    elif not context.viewer.active:
        await context.show(_entrance(context, say(MEMBERS_ONLY)))
    elif word in context.links:
        await _follow(context, word, token)
    else:
        await context.show(_entrance(context, say(NOWHERE)))


async def _follow(context: Context, word: str, token: str) -> None:
    try:
        await context.links[word](context, token)
    except Refusal as refusal:
        if not refusal.reason.endswith(":unknown"):
            raise
        await context.show(_entrance(context, context.say(NOWHERE)))


def _entrance(context: Context, problem: str | None) -> Screen:
    screen = _home(context)
    return Screen(lines([problem, screen.text]), screen.buttons)


def _home(context: Context) -> Screen:
    """Return the menu of a member, or the door that everybody else sees."""
    if context.viewer.active:
        return _menu(context.viewer, context.say, context.policy)
    return _door(context.viewer, context.say, context.policy, in_form=context.turn.in_form)


def _menu(viewer: Viewer, say: Say, policy: Policy) -> Screen:
    buttons = [Button(say(label), Open(name)) for name, label, needs in PLACES if allowed(viewer, needs)]
    share = Button(say("Share a document"), Begin("document"), style="primary")
    hint = say("Send a link or a file to share it, or any words to search the library.")
    return Screen(lines([f"<b>{say('{network}', network=policy.network)}</b>", hint]), ((share,), *columns(buttons, 2)))


def _door(viewer: Viewer, say: Say, policy: Policy, *, in_form: bool) -> Screen:
    about = say(
        "A community of practitioners from Central Asia and its neighbours: dialogue, coordination, and sharing of "
        "public and community documents. Its own administrators run it: not a tip line, and not a UN service."
    )
    stored = say("What you write in the application is stored, with your Telegram number and language.")
    standing = None if viewer.state is MemberState.VISITOR else say(STANDING[viewer.state])
    rows: list[Row] = []
    if policy.open_to(viewer) or (in_form and allowed(viewer, Action.APPLY)):
        rows.append((Button(say("Apply"), Begin("application"), style="primary"),))
    if viewer.state in (*PENDING, MemberState.APPROVED):
        rows.append((Button(say("See my application"), Open("status")),))
    if viewer.state is MemberState.SUSPENDED:
        rows.append((Button(say("See my membership"), Open("status"), style="primary"),))
    rows.append((Button(say("Privacy"), Open("privacy")), Button(say("Language"), Open("language"))))
    title = f"<b>{say('{network}', network=policy.network)}</b>"
    return Screen(lines([title, about, _who(say, policy), _how_long(say, policy), stored, standing]), tuple(rows))


def _who(say: Say, policy: Policy) -> str:
    if policy.admission.self_application:
        return say("Officials, regional organisations, UN, civil society and academia can apply.")
    return say("One joins by nomination or invitation: open the link that a member has sent you.")


def _how_long(say: Say, policy: Policy) -> str:
    if not policy.admission.circulates:
        return say("Reviewers read each application, usually within two working days.")
    asked = policy.admission.objection_days
    if not asked:
        return say("Members are asked whether they know you; then reviewers decide, usually within two working days.")
    return say.many(
        "Members are asked for {n} day whether they know you; then reviewers decide, usually within two working days.",
        "Members are asked for {n} days whether they know you; then reviewers decide, usually within two working days.",
        asked,
    )


async def menu(context: Context) -> None:
    await context.show(_home(context))


async def go_home(context: Context, _press: Home) -> None:
    await menu(context)


async def language(context: Context) -> None:
    await context.show(_languages(context.policy, "", back=context.member.language_chosen))


def _languages(policy: Policy, payload: str, *, back: bool) -> Screen:
    # Nobody knows yet which language is read: each line asks in its own.
    asked = "\n".join(Say(code)("Please choose your language.") for code in policy.languages)
    rows = columns([Button(Say(code).own_name, Speak(code, payload)) for code in policy.languages], 2)
    return Screen(asked, (*rows, (Button("‹", Home()),)) if back else tuple(rows))


async def speak(context: Context, press: Speak) -> None:
    if press.language not in context.policy.languages:
        raise Refusal("button:old")
    context.member.language = press.language

    async def choose(tx: Transaction) -> None:
        await members.choose_language(tx, context.member.id, press.language)

    if await _applies(context, press.payload, choose):
        return
    async with context.transaction() as tx:
        await choose(tx)
    await _arrive(context, press.payload)


async def settings(context: Context) -> None:
    say = context.say
    rows: list[Row] = [(Button(say("Language"), Open("language")), Button(say("Privacy"), Open("privacy")))]
    if context.viewer.active:
        rows.append((Button(say("Digest"), Open("digest")), Button(say("Topics"), Open("topics"))))
        rows.append((Button(say("My profile"), Open("profile")), Button(say("Where digests come"), Open("channel"))))
    rows.append((Button(say("Back"), Home()),))
    await context.show(Screen(say("What would you like to change?"), tuple(rows)))


async def cancel(context: Context) -> None:
    title = await context.cancel()
    if title is None:
        nothing = context.say("Nothing was going on, so there was nothing to cancel.")
        await context.show(Screen(nothing, ((Button(context.say("Menu"), Home()),),)))
    else:
        await context.show(cancelled(title, context.say))


async def cancel_form(context: Context, _press: CancelForm) -> None:
    await cancel(context)


async def help_(context: Context) -> None:
    say = context.say
    features: tuple[Feature, ...] = context.application.bot_data["features"]
    listed = [
        f"/{command.name} – {say(command.description)}"
        for feature in features
        for command in feature.commands
        if not command.hidden and (command.needs is None or allowed(context.viewer, command.needs))
    ]
    intro = say("What you can do here. Every list and form also has buttons.")
    await context.show(Screen(lines([intro, "\n".join(listed)]), ((Button(say("Menu"), Home()),),)))


FEATURE = Feature(
    name="home",
    commands=(
        Command("start", text("Begin, or open the menu"), start),
        Command("menu", text("Open the menu"), menu, Action.BELONG),
        Command("help", text("See what you can do"), help_),
        Command("cancel", text("Cancel what is going on"), cancel),
        Command("language", text("Choose the language"), language),
        Command("settings", text("Change your settings"), settings),
    ),
    handlers=(
        tap(Home, go_home),
        tap(Speak, speak),
        tap(CancelForm, cancel_form),
        place("settings", settings),
        place("language", language),
    ),
)
