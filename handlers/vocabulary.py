"""Words that several features share: what kinds of members there are, where people stand, what labels mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from handlers.forms import Option, Question
from handlers.language import Html, Say, text
from handlers.screens import lines
from storage.members import Category, MemberState, Role
from storage.tlp import Label

CATEGORIES = {
    Category.GOV_POLICY: text("Government: policy"),
    Category.GOV_PRACT: text("Government: practice"),
    Category.JUSTICE: text("Justice"),
    Category.REL_EDU: text("Religion and education"),
    Category.MEDIA: text("Media"),
    Category.CSO: text("Civil society"),
    Category.ACADEMIA: text("Academia"),
    Category.INTL: text("International"),
}
ROLES = {
    Role.ADMINISTRATOR: text("administrator"),
    Role.APPROVER: text("approver"),
    Role.FOCAL_POINT: text("focal point"),
    Role.MODERATOR: text("moderator"),
    Role.AUDITOR: text("auditor"),
    Role.EDITOR: text("editor"),
}
STANDING = {
    MemberState.VISITOR: text("You have not applied yet."),
    MemberState.NOMINATED: text("Your application is being looked at; you will be told here."),
    MemberState.VETTED: text("Your application waits for the reviewers' decision."),
    MemberState.APPROVED: text("Your application was approved. Accept the terms to become a member."),
    MemberState.ACTIVE: text("You are a member."),
    MemberState.DUE: text("You are a member. Please confirm that you still hold your post."),
    MemberState.SOON_IDLE: text("You are a member."),
    MemberState.IDLE: text("You are a member."),
    MemberState.SUSPENDED: text("Your membership is suspended. An administrator can tell you more."),
    MemberState.DECLINED: text("Your application was declined. You may apply again."),
    MemberState.LAPSED: text("Your application has lapsed. You may apply again."),
    MemberState.BLOCKED: text("You have not applied yet."),
    MemberState.LEFT: text("You have left the network. You may apply again."),
    MemberState.ERASED: text("You have not applied yet."),
}
PILLARS = {
    "P1": text("Prevention"),
    "P2": text("Prevent and combat"),
    "P3": text("Capacity"),
    "P4": text("Human rights"),
}
"""The pillars of the UN Global Counter-Terrorism Strategy (A/RES/60/288), in short."""
MEMBERS_ONLY = text("This is for members of the network.")
"""The one sentence that whoever is no member gets for every link, command and button of members."""
MEANINGS = {
    Label.CLEAR: text("anyone may read it and pass it on"),
    Label.GREEN: text("members of the network only"),
    Label.AMBER: text("my organisation only"),
    Label.AMBER_STRICT: text("strictly my organisation only"),
}
"""What a label says to the one who chooses it (TLP 2.0 §4); it is explained, never translated."""


def ask_label(asked: Html, offered: Sequence[Label], say: Say, meant: Mapping[Label, str] = MEANINGS) -> Question:
    """Return the question for a label, with the meaning of each that is offered; none is preselected."""
    meanings = [say("{label}: {meaning}", label=label.value, meaning=say(meant[label])) for label in offered]
    return Question(
        Html(lines([asked, "\n".join(meanings)])), tuple(Option(label.value, label.name) for label in offered)
    )
