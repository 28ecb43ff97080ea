"""Mail: where digests reach a member, and how an address is proved."""

from __future__ import annotations

from handlers.feature import Feature, place, tap
from handlers.language import text
from handlers.mail import channel, forms, letters
from storage.access import Action

FEATURE = Feature(
    name="mail",
    handlers=(
        place("channel", channel.show, Action.BELONG),
        tap(channel.Reach, channel.reach, Action.BELONG),
        tap(channel.Again, channel.again, Action.BELONG),
        tap(channel.Forget, channel.forget, Action.BELONG),
    ),
    dialogues=forms.FORMS,
    notices=(*forms.NOTICES, *letters.NOTICES),
    refusals={
        "mail:address": text("This is no mail address that every mail server knows, such as name@example.org."),
        "mail:digits": text("The code has six digits."),
        "mail:wrong": text("That is not the code. Tries left: {left}."),
        "mail:often": text("No more than {most} codes are sent in an hour. Please wait a while."),
        "mail:unproved": text("Prove your mail address first: /settings."),
        "mail:only": text("Mail is the only way to reach you, so this cannot be changed here."),
        "mail:none": text("This network sends no mail: digests come in Telegram."),
        "mail:unknown": text("This link does not lead anywhere now."),
    },
)
