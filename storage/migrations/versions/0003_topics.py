"""Topics with the first twelve, and who follows them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TOPICS = (
    ("jpoa", "🧭", "Joint Plan of Action", "Совместный план действий", "P1,P2,P3,P4", "open",
     "Implementation, reporting and review of the Joint Plan of Action", "Выполнение, отчётность и обзор Совместного плана действий"),
    ("dialogue", "🕊", "Dialogue with religious institutions", "Диалог с религиозными институтами", "P1", "open",
     "Follow-up to Regional Workshop I (Almaty 2013)", "По итогам Регионального семинара I (Алматы, 2013)"),
    ("media", "📰", "Media and communication", "СМИ и коммуникация", "P1", "open",
     "Responsible reporting and strategic communication (Workshop II)", "Ответственное освещение и стратегическая коммуникация (семинар II)"),
    ("border", "🛂", "Border security and management", "Безопасность и управление границами", "P2", "request",
     "Policy, training and good practice (Workshop III); no operational data", "Политика, обучение и передовая практика (семинар III); без оперативных данных"),
    ("justice", "⚖️", "Criminal justice and rule of law", "Уголовное правосудие и верховенство права", "P2,P4", "open",
     "Laws, evidence standards, Rabat good practices", "Законы, стандарты доказывания, рабатские передовые практики"),
    ("financing", "💰", "Countering the financing of terrorism", "Противодействие финансированию терроризма", "P2", "request",
     "Standards and typology papers that are public", "Стандарты и открытые типологические исследования"),
    ("rehab", "🤝", "Rehabilitation and reintegration", "Реабилитация и реинтеграция", "P1,P4", "request",
     "Programmes and psychosocial support; no personal cases", "Программы и психосоциальная поддержка; без личных дел"),
    ("prison", "🏛", "Prisons and probation", "Пенитенциарная система и пробация", "P2,P4", "request",
     "Prison management standards", "Стандарты управления пенитенциарными учреждениями"),
    ("online", "🌐", "Internet and new technologies", "Интернет и новые технологии", "P1,P2", "open",
     "Media literacy, platform policy, standards", "Медиаграмотность, политика платформ, стандарты"),
    ("victims", "🌷", "Victims of terrorism", "Жертвы терроризма", "P4", "open",
     "Assistance and model provisions", "Помощь и модельные положения"),
    ("youth-edu", "🎓", "Youth, women and education", "Молодёжь, женщины и образование", "P1", "open",
     "Prevention through education", "Предупреждение через образование"),
    ("capacity", "🛠", "Training, calls and funding", "Обучение, конкурсы и финансирование", "P3", "open",
     "Courses, scholarships, calls for experts", "Курсы, стипендии, конкурсы для экспертов"),
)  # fmt: skip

COLUMNS = (
    "code", "emoji", "title_en", "title_ru", "pillar", "policy", "description_en", "description_ru", "position",
)  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "topic",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("emoji", sa.String(length=8), nullable=False),
        sa.Column("title_en", sa.String(length=120), nullable=False),
        sa.Column("title_ru", sa.String(length=120), nullable=False),
        sa.Column("description_en", sa.Text(), nullable=False),
        sa.Column("description_ru", sa.Text(), nullable=False),
        sa.Column("pillar", sa.String(length=20), nullable=False),
        sa.Column("policy", sa.String(32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_topic")),
        sa.UniqueConstraint("code", name=op.f("uq_topic_code")),
    )
    op.create_table(
        "subscription",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("topic_id", sa.Integer(), nullable=False),
        sa.Column("level", sa.String(32), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_subscription_member_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["topic_id"], ["topic.id"], name=op.f("fk_subscription_topic_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
        sa.UniqueConstraint("member_id", "topic_id", name=op.f("uq_subscription_member_id_topic_id")),
    )
    op.create_index(op.f("ix_subscription_topic_id"), "subscription", ["topic_id"], unique=False)
    op.create_table(
        "topic_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("topic_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["decided_by"], ["member.id"], name=op.f("fk_topic_request_decided_by")),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_topic_request_member_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["topic_id"], ["topic.id"], name=op.f("fk_topic_request_topic_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_topic_request")),
    )
    op.create_index(op.f("ix_topic_request_member_id"), "topic_request", ["member_id"], unique=False)
    topic = sa.table("topic", *(sa.column(name) for name in COLUMNS))
    rows = [dict(zip(COLUMNS, (*facts, position), strict=True)) for position, facts in enumerate(TOPICS, 1)]
    op.bulk_insert(topic, rows)


def downgrade() -> None:
    op.drop_index(op.f("ix_topic_request_member_id"), table_name="topic_request")
    op.drop_table("topic_request")
    op.drop_index(op.f("ix_subscription_topic_id"), table_name="subscription")
    op.drop_table("subscription")
    op.drop_table("topic")
