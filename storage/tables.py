"""Every table of the program, for what works on the schema as a whole: migrations, erasure, copies."""

from storage import (  # noqa: F401 - importing them registers their tables
    announcements,
    applications,
    audit,
    command_lists,
    consents,
    dialogues,
    digests,
    directory,
    documents,
    events,
    groups,
    inbox,
    introductions,
    members,
    nominations,
    outbox,
    pause,
    removals,
    topics,
)
