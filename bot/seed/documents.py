"""The public documents that every network starts with, and invented ones for trials."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from storage.documents import Kind
from storage.tlp import Label

ALL = "P1 P2 P3 P4"
UN = "ar zh en fr ru es"
"""The official languages of the United Nations."""


@dataclass(frozen=True)
class SeedDocument:
    """A document: public ones carry their real address, invented ones say DEMO in the title.

    `title_ru` is its Russian title, ours where there is no official one; `also` are codes of further topics.
    """

    title: str
    year: int
    publisher: str
    languages: str
    topic: str
    url: str
    kind: Kind
    pillars: str
    label: Label = Label.CLEAR
    description: str | None = None
    title_ru: str | None = None
    country: str | None = None
    also: tuple[str, ...] = ()

    @property
    def titles(self) -> Mapping[str, str]:
        return {"ru": self.title_ru} if self.title_ru else {}


DOCUMENTS: tuple[SeedDocument, ...] = (
    SeedDocument(
        title="The United Nations Global Counter-Terrorism Strategy",
        year=2006,
        publisher="UN General Assembly",
        languages=UN,
        topic="jpoa",
        url="https://undocs.org/A/RES/60/288",
        kind=Kind.STRATEGY,
        pillars=ALL,
        description="A/RES/60/288 and its annex, the Plan of Action in four pillars, adopted on 8 September 2006.",
        title_ru="Глобальная контртеррористическая стратегия Организации Объединенных Наций",
    ),
    SeedDocument(
        title="The United Nations Global Counter-Terrorism Strategy: eighth review",
        year=2023,
        publisher="UN General Assembly",
        languages=UN,
        topic="jpoa",
        url="https://undocs.org/A/RES/77/298",
        kind=Kind.RESOLUTION,
        pillars=ALL,
        description="A/RES/77/298 of 22 June 2023: how the Strategy is carried out, reviewed for the eighth time.",
        title_ru="Глобальная контртеррористическая стратегия Организации Объединенных Наций: восьмой обзор",
    ),
    SeedDocument(
        title="Plan of Action to Prevent Violent Extremism (report of the Secretary-General)",
        year=2015,
        publisher="UN Secretary-General",
        languages=UN,
        topic="youth-edu",
        url="https://undocs.org/A/70/674",
        kind=Kind.STRATEGY,
        pillars="P1 P4",
        description="A/70/674: what drives people into violent extremism, and what can be done before it does.",
        title_ru="План действий по предупреждению насильственного экстремизма (доклад Генерального секретаря)",
    ),
    SeedDocument(
        title="Security Council resolution 1373",
        year=2001,
        publisher="UN Security Council",
        languages=UN,
        topic="financing",
        url="https://undocs.org/S/RES/1373(2001)",
        kind=Kind.RESOLUTION,
        pillars="P2",
        description="S/RES/1373 (2001): duties of all States, among them to stop the financing of terrorism.",
        title_ru="Резолюция 1373 Совета Безопасности",
    ),
    SeedDocument(
        title="Security Council resolution 2178 (foreign terrorist fighters)",
        year=2014,
        publisher="UN Security Council",
        languages=UN,
        topic="border",
        url="https://undocs.org/S/RES/2178(2014)",
        kind=Kind.RESOLUTION,
        pillars="P2",
        description="S/RES/2178 (2014): the travel of foreign terrorist fighters, its financing and its prevention.",
        title_ru="Резолюция 2178 Совета Безопасности (иностранные боевики-террористы)",
    ),
    SeedDocument(
        title="Security Council resolution 2396 (returning and relocating foreign terrorist fighters)",
        year=2017,
        publisher="UN Security Council",
        languages=UN,
        topic="border",
        url="https://undocs.org/S/RES/2396(2017)",
        kind=Kind.RESOLUTION,
        pillars="P2 P4",
        description="S/RES/2396 (2017): screening, prosecution, rehabilitation and reintegration of who returns.",
        also=("rehab",),
        title_ru="Резолюция 2396 Совета Безопасности (возвращение и перемещение иностранных боевиков-террористов)",
    ),
    SeedDocument(
        title="Joint Plan of Action for the Implementation of the UN Global Counter-Terrorism Strategy in Central Asia",
        year=2011,
        publisher="Central Asian States / UNRCCA",
        languages="en ru",
        topic="jpoa",
        url="https://unrcca.unmissions.org/joint-plan-action",
        kind=Kind.STRATEGY,
        pillars=ALL,
        description="Adopted in Ashgabat on 30 November 2011; an updated plan followed in Tashkent in March 2022.",
        title_ru=(
            "Совместный план действий по реализации Глобальной контртеррористической стратегии ООН в Центральной Азии"
        ),
    ),
    SeedDocument(
        title="Regional Seminar: Engaging the Media in Countering Terrorism in Central Asia, Bishkek",
        year=2014,
        publisher="UNRCCA / CTITF",
        languages="en ru",
        topic="media",
        url="https://unrcca.unmissions.org/regional-seminar-%E2%80%9Cengaging-media-countering-terrorism-central-asia%E2%80%9D",
        kind=Kind.REPORT,
        pillars="P1",
        description="Regional Workshop II: how media report on terrorism, and help to prevent it.",
        title_ru="Региональный семинар: привлечение СМИ к противодействию терроризму в Центральной Азии, Бишкек",
    ),
    SeedDocument(
        title="Regional Workshop III: Border Security and Management for Countering Terrorism",
        year=2015,
        publisher="UNRCCA / OSCE",
        languages="en ru",
        topic="border",
        url="https://unrcca.unmissions.org/regional-workshop-iii",
        kind=Kind.REPORT,
        pillars="P2 P3",
        description="Ashgabat, March 2015: policy and training for border security and management.",
        title_ru="Третий региональный семинар: безопасность границ и управление ими в противодействии терроризму",
    ),
    SeedDocument(
        title="Preventing Terrorism and Countering Violent Extremism and Radicalization that Lead to Terrorism: "
        "A Community-Policing Approach",
        year=2014,
        publisher="OSCE",
        languages="en ru",
        topic="justice",
        url="https://www.osce.org/secretariat/111438",
        kind=Kind.HANDBOOK,
        pillars="P1 P4",
        description="ISBN 978-92-9235-023-9. A guidebook for police and policymakers on working with communities.",
        title_ru=(
            "Предотвращение терроризма и борьба с насильственным экстремизмом: взаимодействие полиции с населением"
        ),
    ),
    SeedDocument(
        title="Handbook on the Management of Violent Extremist Prisoners and the Prevention of Radicalization to "
        "Violence in Prisons",
        year=2016,
        publisher="UNODC",
        languages="en",
        topic="prison",
        url="https://www.unodc.org/pdf/criminal_justice/Handbook-on-VEPs.pdf",
        kind=Kind.HANDBOOK,
        pillars="P2 P4",
        title_ru="Руководство по обращению с экстремистами в тюрьмах и предупреждению радикализации к насилию",
    ),
    SeedDocument(
        title="Rabat Memorandum on Good Practices for Effective Counterterrorism Practice in the Criminal Justice "
        "Sector",
        year=2012,
        publisher="GCTF",
        languages="en",
        topic="justice",
        url="https://www.thegctf.org/About-us/GCTF-framework-documents",
        kind=Kind.LAW,
        pillars="P2 P4",
        description="Fifteen good practices for investigators, prosecutors and courts.",
        title_ru="Рабатский меморандум о передовой практике противодействия терроризму в уголовном правосудии",
    ),
    SeedDocument(
        title="Ankara Memorandum on Good Practices for a Multi-Sectoral Approach to Countering Violent Extremism",
        year=2013,
        publisher="GCTF",
        languages="en",
        topic="dialogue",
        url="https://ct-morse.eu/resource/"
        "ankara-memorandum-on-good-practices-for-a-multi-sectoral-approach-to-countering-violent-extremism",
        kind=Kind.LAW,
        pillars="P1",
        title_ru=(
            "Анкарский меморандум о передовой практике многоотраслевого противодействия насильственному экстремизму"
        ),
    ),
    SeedDocument(
        title="Madrid Memorandum on Good Practices for Assistance to Victims of Terrorism Immediately after the "
        "Attack and in Criminal Proceedings",
        year=2013,
        publisher="GCTF",
        languages="en",
        topic="victims",
        url="https://www.thegctf.org/Initiatives/Supporting-Victims-of-Terrorism",
        kind=Kind.LAW,
        pillars="P4",
        title_ru="Мадридский меморандум о передовой практике помощи жертвам терроризма",
    ),
    SeedDocument(
        title="A Teacher's Guide on the Prevention of Violent Extremism",
        year=2016,
        publisher="UNESCO",
        languages="en fr",
        topic="youth-edu",
        url="https://www.unesco.org/en/articles/teachers-guide-prevention-violent-extremism",
        kind=Kind.HANDBOOK,
        pillars="P1",
        title_ru="Пособие для учителей по предупреждению насильственного экстремизма",
    ),
)

INVENTED_DOCUMENTS: tuple[SeedDocument, ...] = (
    SeedDocument(
        title="DEMO — Workshop IV concept note",
        year=2026,
        publisher="Secretariat",
        languages="en ru",
        topic="capacity",
        url="https://example.org/demo/workshop-iv-concept-note",
        label=Label.GREEN,
        kind=Kind.FORM,
        pillars="P3",
        title_ru="ДЕМО — концепция IV семинара",
    ),
    SeedDocument(
        title="DEMO — evaluation results",
        year=2026,
        publisher="Secretariat",
        languages="en",
        topic="media",
        url="https://example.org/demo/evaluation-results",
        label=Label.GREEN,
        kind=Kind.REPORT,
        pillars="P3",
        title_ru="ДЕМО — итоги оценки",
    ),
    SeedDocument(
        title="DEMO — Draft contact list for WG leads",
        year=2026,
        publisher="Secretariat",
        languages="en",
        topic="jpoa",
        url="https://example.org/demo/contact-list",
        label=Label.AMBER,
        kind=Kind.OTHER,
        pillars="P3",
        title_ru="ДЕМО — проект списка контактов рабочих групп",
    ),
)
