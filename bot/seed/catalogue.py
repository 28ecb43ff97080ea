"""The public documents and events that every network starts with, and invented ones for trials."""

from __future__ import annotations

from dataclasses import dataclass

from storage.tlp import Label


@dataclass(frozen=True)
class SeedDocument:
    """A document: public ones carry their real address, invented ones say DEMO in the title."""

    title: str
    year: int
    publisher: str
    languages: str
    topic: str
    url: str
    label: Label = Label.CLEAR


DOCUMENTS: tuple[SeedDocument, ...] = (
    SeedDocument(
        "The United Nations Global Counter-Terrorism Strategy",
        2006,
        "UN General Assembly",
        "ar zh en fr ru es",
        "jpoa",
        "https://undocs.org/A/RES/60/288",
    ),
    SeedDocument(
        "The United Nations Global Counter-Terrorism Strategy: eighth review",
        2023,
        "UN General Assembly",
        "ar zh en fr ru es",
        "jpoa",
        "https://undocs.org/A/RES/77/298",
    ),
    SeedDocument(
        "Plan of Action to Prevent Violent Extremism (report of the Secretary-General)",
        2015,
        "UN Secretary-General",
        "ar zh en fr ru es",
        "youth-edu",
        "https://undocs.org/A/70/674",
    ),
    SeedDocument(
        "Security Council resolution 1373",
        2001,
        "UN Security Council",
        "ar zh en fr ru es",
        "financing",
        "https://undocs.org/S/RES/1373(2001)",
    ),
    SeedDocument(
        "Security Council resolution 2178 (foreign terrorist fighters)",
        2014,
        "UN Security Council",
        "ar zh en fr ru es",
        "border",
        "https://undocs.org/S/RES/2178(2014)",
    ),
    SeedDocument(
        "Security Council resolution 2396 (returning and relocating foreign terrorist fighters)",
        2017,
        "UN Security Council",
        "ar zh en fr ru es",
        "border",
        "https://undocs.org/S/RES/2396(2017)",
    ),
    SeedDocument(
        "Joint Plan of Action for the Implementation of the UN Global Counter-Terrorism Strategy in Central Asia",
        2011,
        "Central Asian States / UNRCCA",
        "en ru",
        "jpoa",
        "https://unrcca.unmissions.org/joint-plan-action",
    ),
    SeedDocument(
        "Regional Seminar: Engaging the Media in Countering Terrorism in Central Asia, Bishkek",
        2014,
        "UNRCCA / CTITF",
        "en ru",
        "media",
        "https://unrcca.unmissions.org/regional-seminar-%E2%80%9Cengaging-media-countering-terrorism-central-asia%E2%80%9D",
    ),
    SeedDocument(
        "Regional Workshop III: Border Security and Management for Countering Terrorism",
        2015,
        "UNRCCA / OSCE",
        "en ru",
        "border",
        "https://unrcca.unmissions.org/regional-workshop-iii",
    ),
    SeedDocument(
        "Preventing Terrorism and Countering Violent Extremism and Radicalization that Lead to Terrorism: "
        "A Community-Policing Approach",
        2014,
        "OSCE",
        "en ru",
        "justice",
        "https://www.osce.org/secretariat/111438",
    ),
    SeedDocument(
        "Handbook on the Management of Violent Extremist Prisoners and the Prevention of Radicalization to Violence "
        "in Prisons",
        2016,
        "UNODC",
        "en",
        "prison",
        "https://www.unodc.org/pdf/criminal_justice/Handbook-on-VEPs.pdf",
    ),
    SeedDocument(
        "Rabat Memorandum on Good Practices for Effective Counterterrorism Practice in the Criminal Justice Sector",
        2012,
        "GCTF",
        "en",
        "justice",
        "https://www.thegctf.org/About-us/GCTF-framework-documents",
    ),
    SeedDocument(
        "Ankara Memorandum on Good Practices for a Multi-Sectoral Approach to Countering Violent Extremism",
        2013,
        "GCTF",
        "en",
        "dialogue",
        "https://ct-morse.eu/resource/"
        "ankara-memorandum-on-good-practices-for-a-multi-sectoral-approach-to-countering-violent-extremism",
    ),
    SeedDocument(
        "Madrid Memorandum on Good Practices for Assistance to Victims of Terrorism Immediately after the Attack and "
        "in Criminal Proceedings",
        2013,
        "GCTF",
        "en",
        "victims",
        "https://www.thegctf.org/Initiatives/Supporting-Victims-of-Terrorism",
    ),
    SeedDocument(
        "A Teacher's Guide on the Prevention of Violent Extremism",
        2016,
        "UNESCO",
        "en fr",
        "youth-edu",
        "https://www.unesco.org/en/articles/teachers-guide-prevention-violent-extremism",
    ),
)

INVENTED_DOCUMENTS: tuple[SeedDocument, ...] = (
    SeedDocument(
        "DEMO — Workshop IV concept note",
        2026,
        "Secretariat",
        "en ru",
        "capacity",
        "https://example.org/demo/workshop-iv-concept-note",
        Label.GREEN,
    ),
    SeedDocument(
        "DEMO — evaluation results",
        2026,
        "Secretariat",
        "en",
        "media",
        "https://example.org/demo/evaluation-results",
        Label.GREEN,
    ),
    SeedDocument(
        "DEMO — Draft contact list for WG leads",
        2026,
        "Secretariat",
        "en",
        "jpoa",
        "https://example.org/demo/contact-list",
        Label.AMBER,
    ),
)


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
        "High-Level Meeting adopting the Joint Plan of Action",
        "Встреча высокого уровня: принятие Совместного плана действий",
        "2011-11-30",
        "2011-11-30",
        "Ashgabat",
        "Ашхабад",
        "Asia/Ashgabat",
        "Government of Turkmenistan, CTITF, EU, UNRCCA",
    ),
    PastEvent(
        "Regional Workshop I: Dialogue with religious institutions and leaders in Preventing Conflicts and Countering "
        "Extremism",
        "Региональный семинар I: диалог с религиозными институтами и лидерами",
        "2013-11-20",
        "2013-11-22",
        "Almaty",
        "Алматы",
        "Asia/Almaty",
        "UNRCCA / CTITF",
    ),
    PastEvent(
        "Regional Workshop II: Engaging the Media in Countering Terrorism",
        "Региональный семинар II: взаимодействие со СМИ в противодействии терроризму",
        "2014-07-09",
        "2014-07-11",
        "Bishkek",
        "Бишкек",
        "Asia/Bishkek",
        "UNRCCA / CTITF",
    ),
    PastEvent(
        "Regional Workshop III: Border Security and Management for Countering Terrorism",
        "Региональный семинар III: безопасность и управление границами",
        "2015-03-04",
        "2015-03-06",
        "Ashgabat",
        "Ашхабад",
        "Asia/Ashgabat",
        "UNRCCA / CTITF / OSCE",
    ),
    PastEvent(
        "High-Level Conference: 10 years of the Joint Plan of Action",
        "Конференция высокого уровня: 10 лет Совместному плану действий",
        "2022-03-03",
        "2022-03-04",
        "Tashkent",
        "Ташкент",
        "Asia/Tashkent",
        "Government of Uzbekistan, UNOCT, UNRCCA",
    ),
    PastEvent(
        "First meeting, Regional Expert Council on Rehabilitation and Reintegration of Returnees",
        "Первое заседание Регионального экспертного совета по реабилитации и реинтеграции возвращенцев",
        "2024-05-14",
        "2024-05-14",
        "Tashkent",
        "Ташкент",
        "Asia/Tashkent",
        "UNRCCA, UNOCT, OSCE, Government of Uzbekistan",
    ),
    PastEvent(
        "Fifth regional conference, CT Early Warning Network",
        "Пятая региональная конференция Сети раннего предупреждения",
        "2025-10-13",
        "2025-10-16",
        "Baku",
        "Баку",
        "Asia/Baku",
        "UNRCCA / UNOCT",
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
        "DEMO — Online briefing: using the JPoA matrix",
        "ДЕМО — Онлайн-брифинг: как пользоваться матрицей СПД",
        3,
        11,
        1,
        "online",
        "онлайн",
        "Asia/Tashkent",
    ),
    ComingEvent(
        "DEMO — Drafting comments close: good-practice note",
        "ДЕМО — Завершение приёма замечаний: записка о передовой практике",
        7,
        18,
        1,
        "online",
        "онлайн",
        "Asia/Ashgabat",
        7,
    ),
    ComingEvent(
        "DEMO — Call for trainers",
        "ДЕМО — Приглашение для тренеров",
        10,
        18,
        1,
        "online",
        "онлайн",
        "Asia/Ashgabat",
        10,
    ),
    ComingEvent(
        "DEMO — Working group “Media”: quarterly call",
        "ДЕМО — Рабочая группа «СМИ»: квартальная встреча",
        20,
        14,
        1,
        "online",
        "онлайн",
        "Asia/Bishkek",
    ),
    ComingEvent(
        "DEMO — Regional Workshop IV: community policing",
        "ДЕМО — Региональный семинар IV: работа полиции с населением",
        45,
        9,
        56,
        "Dushanbe",
        "Душанбе",
        "Asia/Dushanbe",
        14,
    ),
    ComingEvent(
        "DEMO — Annual network meeting",
        "ДЕМО — Ежегодная встреча сети",
        120,
        9,
        8,
        "Ashgabat",
        "Ашхабад",
        "Asia/Ashgabat",
        60,
    ),
)
