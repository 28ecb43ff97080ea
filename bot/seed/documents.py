"""The public documents that every network starts with, and invented ones for trials."""

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
        title="The United Nations Global Counter-Terrorism Strategy",
        year=2006,
        publisher="UN General Assembly",
        languages="ar zh en fr ru es",
        topic="jpoa",
        url="https://undocs.org/A/RES/60/288",
    ),
    SeedDocument(
        title="The United Nations Global Counter-Terrorism Strategy: eighth review",
        year=2023,
        publisher="UN General Assembly",
        languages="ar zh en fr ru es",
        topic="jpoa",
        url="https://undocs.org/A/RES/77/298",
    ),
    SeedDocument(
        title="Plan of Action to Prevent Violent Extremism (report of the Secretary-General)",
        year=2015,
        publisher="UN Secretary-General",
        languages="ar zh en fr ru es",
        topic="youth-edu",
        url="https://undocs.org/A/70/674",
    ),
    SeedDocument(
        title="Security Council resolution 1373",
        year=2001,
        publisher="UN Security Council",
        languages="ar zh en fr ru es",
        topic="financing",
        url="https://undocs.org/S/RES/1373(2001)",
    ),
    SeedDocument(
        title="Security Council resolution 2178 (foreign terrorist fighters)",
        year=2014,
        publisher="UN Security Council",
        languages="ar zh en fr ru es",
        topic="border",
        url="https://undocs.org/S/RES/2178(2014)",
    ),
    SeedDocument(
        title="Security Council resolution 2396 (returning and relocating foreign terrorist fighters)",
        year=2017,
        publisher="UN Security Council",
        languages="ar zh en fr ru es",
        topic="border",
        url="https://undocs.org/S/RES/2396(2017)",
    ),
    SeedDocument(
        title="Joint Plan of Action for the Implementation of the UN Global Counter-Terrorism Strategy in Central Asia",
        year=2011,
        publisher="Central Asian States / UNRCCA",
        languages="en ru",
        topic="jpoa",
        url="https://unrcca.unmissions.org/joint-plan-action",
    ),
    SeedDocument(
        title="Regional Seminar: Engaging the Media in Countering Terrorism in Central Asia, Bishkek",
        year=2014,
        publisher="UNRCCA / CTITF",
        languages="en ru",
        topic="media",
        url="https://unrcca.unmissions.org/regional-seminar-%E2%80%9Cengaging-media-countering-terrorism-central-asia%E2%80%9D",
    ),
    SeedDocument(
        title="Regional Workshop III: Border Security and Management for Countering Terrorism",
        year=2015,
        publisher="UNRCCA / OSCE",
        languages="en ru",
        topic="border",
        url="https://unrcca.unmissions.org/regional-workshop-iii",
    ),
    SeedDocument(
        title="Preventing Terrorism and Countering Violent Extremism and Radicalization that Lead to Terrorism: "
        "A Community-Policing Approach",
        year=2014,
        publisher="OSCE",
        languages="en ru",
        topic="justice",
        url="https://www.osce.org/secretariat/111438",
    ),
    SeedDocument(
        title="Handbook on the Management of Violent Extremist Prisoners and the Prevention of Radicalization to "
        "Violence "
        "in Prisons",
        year=2016,
        publisher="UNODC",
        languages="en",
        topic="prison",
        url="https://www.unodc.org/pdf/criminal_justice/Handbook-on-VEPs.pdf",
    ),
    SeedDocument(
        title="Rabat Memorandum on Good Practices for Effective Counterterrorism Practice in the Criminal Justice "
        "Sector",
        year=2012,
        publisher="GCTF",
        languages="en",
        topic="justice",
        url="https://www.thegctf.org/About-us/GCTF-framework-documents",
    ),
    SeedDocument(
        title="Ankara Memorandum on Good Practices for a Multi-Sectoral Approach to Countering Violent Extremism",
        year=2013,
        publisher="GCTF",
        languages="en",
        topic="dialogue",
        url="https://ct-morse.eu/resource/"
        "ankara-memorandum-on-good-practices-for-a-multi-sectoral-approach-to-countering-violent-extremism",
    ),
    SeedDocument(
        title="Madrid Memorandum on Good Practices for Assistance to Victims of Terrorism Immediately after the "
        "Attack and "
        "in Criminal Proceedings",
        year=2013,
        publisher="GCTF",
        languages="en",
        topic="victims",
        url="https://www.thegctf.org/Initiatives/Supporting-Victims-of-Terrorism",
    ),
    SeedDocument(
        title="A Teacher's Guide on the Prevention of Violent Extremism",
        year=2016,
        publisher="UNESCO",
        languages="en fr",
        topic="youth-edu",
        url="https://www.unesco.org/en/articles/teachers-guide-prevention-violent-extremism",
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
    ),
    SeedDocument(
        title="DEMO — evaluation results",
        year=2026,
        publisher="Secretariat",
        languages="en",
        topic="media",
        url="https://example.org/demo/evaluation-results",
        label=Label.GREEN,
    ),
    SeedDocument(
        title="DEMO — Draft contact list for WG leads",
        year=2026,
        publisher="Secretariat",
        languages="en",
        topic="jpoa",
        url="https://example.org/demo/contact-list",
        label=Label.AMBER,
    ),
)
