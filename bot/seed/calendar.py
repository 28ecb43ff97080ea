"""The archive of events that every network starts with, and invented events to come for trials."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PastEvent:
    """An event of the process, for the archive; days are the place's own."""

    title_en: str
    title_ru: str
    first: str
    last: str
    place_en: str
    place_ru: str
    zone: str
    organiser: str


PAST_EVENTS: tuple[PastEvent, ...] = (
    PastEvent(
        title_en="High-Level Meeting adopting the Joint Plan of Action",
        title_ru="Встреча высокого уровня: принятие Совместного плана действий",
        first="2011-11-30",
        last="2011-11-30",
        place_en="Ashgabat",
        place_ru="Ашхабад",
        zone="Asia/Ashgabat",
        organiser="Government of Turkmenistan, CTITF, EU, UNRCCA",
    ),
    PastEvent(
        title_en="Regional Workshop I: Dialogue with religious institutions and leaders in Preventing Conflicts and "
        "Countering "
        "Extremism",
        title_ru="Региональный семинар I: диалог с религиозными институтами и лидерами",
        first="2013-11-20",
        last="2013-11-22",
        place_en="Almaty",
        place_ru="Алматы",
        zone="Asia/Almaty",
        organiser="UNRCCA / CTITF",
    ),
    PastEvent(
        title_en="Regional Workshop II: Engaging the Media in Countering Terrorism",
        title_ru="Региональный семинар II: взаимодействие со СМИ в противодействии терроризму",
        first="2014-07-09",
        last="2014-07-11",
        place_en="Bishkek",
        place_ru="Бишкек",
        zone="Asia/Bishkek",
        organiser="UNRCCA / CTITF",
    ),
    PastEvent(
        title_en="Regional Workshop III: Border Security and Management for Countering Terrorism",
        title_ru="Региональный семинар III: безопасность и управление границами",
        first="2015-03-04",
        last="2015-03-06",
        place_en="Ashgabat",
        place_ru="Ашхабад",
        zone="Asia/Ashgabat",
        organiser="UNRCCA / CTITF / OSCE",
    ),
    PastEvent(
        title_en="High-Level Conference: 10 years of the Joint Plan of Action",
        title_ru="Конференция высокого уровня: 10 лет Совместному плану действий",
        first="2022-03-03",
        last="2022-03-04",
        place_en="Tashkent",
        place_ru="Ташкент",
        zone="Asia/Tashkent",
        organiser="Government of Uzbekistan, UNOCT, UNRCCA",
    ),
    PastEvent(
        title_en="First meeting, Regional Expert Council on Rehabilitation and Reintegration of Returnees",
        title_ru="Первое заседание Регионального экспертного совета по реабилитации и реинтеграции возвратившихся лиц",
        first="2024-05-14",
        last="2024-05-14",
        place_en="Tashkent",
        place_ru="Ташкент",
        zone="Asia/Tashkent",
        organiser="UNRCCA, UNOCT, OSCE, Government of Uzbekistan",
    ),
    PastEvent(
        title_en="Fifth regional conference, CT Early Warning Network",
        title_ru="Пятая региональная конференция Сети раннего предупреждения о терроризме",
        first="2025-10-13",
        last="2025-10-16",
        place_en="Baku",
        place_ru="Баку",
        zone="Asia/Baku",
        organiser="UNRCCA / UNOCT",
    ),
)


@dataclass(frozen=True)
class ComingEvent:
    """An invented event, `days` after planting at `hour` of its zone; `deadline` in days likewise."""

    title_en: str
    title_ru: str
    days: int
    hour: int
    hours: int
    place_en: str
    place_ru: str
    zone: str
    deadline: int | None = None


COMING_EVENTS: tuple[ComingEvent, ...] = (
    ComingEvent(
        title_en="DEMO — Online briefing: using the JPoA matrix",
        title_ru="ДЕМО — Онлайн-брифинг: как пользоваться матрицей СПД",
        days=3,
        hour=11,
        hours=1,
        place_en="online",
        place_ru="онлайн",
        zone="Asia/Tashkent",
    ),
    ComingEvent(
        title_en="DEMO — Drafting comments close: good-practice note",
        title_ru="ДЕМО — Завершение приёма замечаний: записка о передовом опыте",
        days=7,
        hour=18,
        hours=1,
        place_en="online",
        place_ru="онлайн",
        zone="Asia/Ashgabat",
        deadline=7,
    ),
    ComingEvent(
        title_en="DEMO — Call for trainers",
        title_ru="ДЕМО — Приём заявок от тренеров",
        days=10,
        hour=18,
        hours=1,
        place_en="online",
        place_ru="онлайн",
        zone="Asia/Ashgabat",
        deadline=10,
    ),
    ComingEvent(
        title_en="DEMO — Working group “Media”: quarterly call",
        title_ru="ДЕМО — Рабочая группа «СМИ»: квартальная встреча",
        days=20,
        hour=14,
        hours=1,
        place_en="online",
        place_ru="онлайн",
        zone="Asia/Bishkek",
    ),
    ComingEvent(
        title_en="DEMO — Regional Workshop IV: community policing",
        title_ru="ДЕМО — Региональный семинар IV: работа полиции с населением",
        days=45,
        hour=9,
        hours=56,
        place_en="Dushanbe",
        place_ru="Душанбе",
        zone="Asia/Dushanbe",
        deadline=14,
    ),
    ComingEvent(
        title_en="DEMO — Annual network meeting",
        title_ru="ДЕМО — Ежегодная встреча сети",
        days=120,
        hour=9,
        hours=8,
        place_en="Ashgabat",
        place_ru="Ашхабад",
        zone="Asia/Ashgabat",
        deadline=60,
    ),
)
