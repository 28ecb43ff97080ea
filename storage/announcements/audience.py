"""Who an announcement is for: conditions joined by and, or, not. An empty audience is nobody, never everybody."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, false, not_, or_, select, true

from storage.members import Category, Member, MemberRole, Role
from storage.topics import HEARING, Subscription


class Dimension(StrEnum):
    """By what members are chosen."""

    EVERYBODY = "all"
    COUNTRY = "country"
    CATEGORY = "category"
    ROLE = "role"
    LANGUAGE = "language"
    TOPIC = "topic"
    ORGANISATION = "organisation"
    LIST = "list"


@dataclass(frozen=True)
class Condition:
    """Members with one of `values` in a dimension (a country, a topic's number …) or, if `outside`, all others."""

    dimension: Dimension
    values: tuple[str, ...] = ()
    outside: bool = False

    def facts(self) -> list[Any]:
        return [self.dimension.value, list(self.values), self.outside]


Block = tuple[Condition, ...]
"""Conditions that all have to hold; one without any is nobody."""


@dataclass(frozen=True)
class Audience:
    """Members in any of the blocks."""

    blocks: tuple[Block, ...] = ()

    @classmethod
    def of(cls, facts: Iterable[Any]) -> Audience:
        """Return the audience that was stored as `facts`."""
        return cls(tuple(tuple(Condition(Dimension(d), tuple(v), o) for d, v, o in block) for block in facts))

    def facts(self) -> list[Any]:
        """Return it as JSON."""
        return [[condition.facts() for condition in block] for block in self.blocks]

    def numbers(self, dimension: Dimension) -> list[int]:
        """Return the numbers of the topics, organisations or saved lists that it names, inside or out."""
        return [int(v) for block in self.blocks for c in block if c.dimension is dimension for v in c.values]

    @property
    def organisations(self) -> tuple[int, ...]:
        """The organisations that it names: those to one of which everybody in it has to belong (TLP 2.0 §4)."""
        named = [_organisations(block) for block in self.blocks]
        return tuple(sorted(set().union(*named))) if named and all(named) else ()


EVERYBODY = Audience(((Condition(Dimension.EVERYBODY),),))


def _organisations(block: Block) -> set[int]:
    named = [c for c in block if c.dimension is Dimension.ORGANISATION and not c.outside]
    return {int(value) for value in named[0].values} if named else set()


def condition_of(audience: Audience, lists: Mapping[int, Audience]) -> ColumnElement[bool]:
    """Return the SQL condition under which a member is meant; `lists` are the saved ones that it names, by number."""
    return or_(false(), *(and_(*(_condition(c, lists) for c in block)) for block in audience.blocks if block))


def _condition(condition: Condition, lists: Mapping[int, Audience]) -> ColumnElement[bool]:
    if unsettled(condition, lists):
        return false()
    if condition.dimension is Dimension.LIST:
        chosen = [lists[int(v)] for v in condition.values if int(v) in lists]
        inside: ColumnElement[bool] = or_(false(), *(condition_of(one, {}) for one in chosen))
    else:
        inside = _IN[condition.dimension](condition.values)
    return not_(inside) if condition.outside else inside


def unsettled(condition: Condition, lists: Container[int]) -> bool:
    """Tell whether nobody knows whom a condition leaves: then it is nobody, for its opposite would be too many.

    So it is where nothing was chosen yet, and where it is outside of a saved list that was dropped.
    """
    if condition.dimension is Dimension.EVERYBODY:
        return condition.outside
    if not condition.values:
        return True
    lists_alone = condition.dimension is Dimension.LIST and condition.outside
    return lists_alone and any(int(value) not in lists for value in condition.values)


# A fact that is missing is not the one that is asked for, so that its opposite holds.


def _of_country(values: Sequence[str]) -> ColumnElement[bool]:
    return Member.country.is_not(None) & Member.country.in_(values)


def _of_category(values: Sequence[str]) -> ColumnElement[bool]:
    return Member.category.is_not(None) & Member.category.in_([Category(value) for value in values])


def _with_role(values: Sequence[str]) -> ColumnElement[bool]:
    return Member.id.in_(select(MemberRole.member_id).where(MemberRole.role.in_([Role(value) for value in values])))


def _with_language(values: Sequence[str]) -> ColumnElement[bool]:
    return Member.language.in_(values)


def _following(values: Sequence[str]) -> ColumnElement[bool]:
    topics = [int(value) for value in values]
    following = select(Subscription.member_id).where(Subscription.topic_id.in_(topics), Subscription.level.in_(HEARING))
    return Member.id.in_(following)


def _of_organisation(values: Sequence[str]) -> ColumnElement[bool]:
    return Member.organisation_id.is_not(None) & Member.organisation_id.in_([int(value) for value in values])


_IN: Mapping[Dimension, Callable[[Sequence[str]], ColumnElement[bool]]] = {
    Dimension.EVERYBODY: lambda _values: true(),
    Dimension.COUNTRY: _of_country,
    Dimension.CATEGORY: _of_category,
    Dimension.ROLE: _with_role,
    Dimension.LANGUAGE: _with_language,
    Dimension.TOPIC: _following,
    Dimension.ORGANISATION: _of_organisation,
}
