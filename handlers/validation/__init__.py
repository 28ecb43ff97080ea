"""Validation: once a year a member confirms their post, or a focal point does it for those they know (R-09)."""

from __future__ import annotations

from handlers.feature import Feature, place, tap
from handlers.language import text
from handlers.presses import ConfirmPost
from handlers.validation.asking import NOTICES, confirm
from handlers.validation.posts import WAITING, ConfirmTicked, Posts, confirm_ticked, posts, turn
from storage.access import Action

FEATURE = Feature(
    name="validation",
    handlers=(
        tap(ConfirmPost, confirm, Action.VALIDATE),
        tap(Posts, turn, Action.CONFIRM_POSTS),
        tap(ConfirmTicked, confirm_ticked, Action.CONFIRM_POSTS),
        place("posts", posts, Action.CONFIRM_POSTS),
    ),
    notices=(*NOTICES, WAITING),
    refusals={
        "validation:not-due": text("Your post is confirmed already; there is nothing to do."),
        "validation:staff": text("The secretariat has suspended your membership: only it can end that."),
    },
)
