"""The features of the product, in the order an update meets them."""

from __future__ import annotations

from handlers import (
    announcements,
    applications,
    desk,
    digests,
    directory,
    documents,
    door,
    events,
    feeds,
    groups,
    home,
    inline,
    introductions,
    mail,
    moderation,
    nominations,
    posts,
    presence,
    privacy,
    profile,
    staff,
    terms,
    topics,
    validation,
)
from handlers.feature import Feature

FEATURES: tuple[Feature, ...] = (
    home.FEATURE,
    privacy.FEATURE,
    terms.FEATURE,
    applications.FEATURE,
    nominations.FEATURE,
    profile.FEATURE,
    validation.FEATURE,
    presence.FEATURE,
    topics.FEATURE,
    posts.FEATURE,
    feeds.FEATURE,
    moderation.FEATURE,
    digests.FEATURE,
    desk.FEATURE,
    mail.FEATURE,
    events.FEATURE,
    directory.FEATURE,
    introductions.FEATURE,
    announcements.FEATURE,
    staff.FEATURE,
    groups.FEATURE,
    door.FEATURE,
    inline.FEATURE,
    documents.FEATURE,  # last: free text is a search
)
