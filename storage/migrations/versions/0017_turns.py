"""Digests in the order in which they are due, read from an index alone."""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_TABLE = "digest_schedule"
_DUE, _ORDERED = f"ix_{_TABLE}_next_due_at", f"ix_{_TABLE}_next_due_at_member_id"


def upgrade() -> None:
    op.create_index(_ORDERED, _TABLE, ["next_due_at", "member_id"])
    op.drop_index(_DUE, table_name=_TABLE)


def downgrade() -> None:
    op.create_index(_DUE, _TABLE, ["next_due_at"])
    op.drop_index(_ORDERED, table_name=_TABLE)
