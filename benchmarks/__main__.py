"""Every benchmark of delivery and intake in one run, and at the end what became of each target.

Usage: python -m benchmarks [--only delivery,pacing,buttons,updates,rest] [--rounds 3] [--recipients 5000] …
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable

from rich.console import Console

from benchmarks.buttons import arguments as of_buttons
from benchmarks.buttons import buttons
from benchmarks.delivery import WAYS, broadcast
from benchmarks.networks import ENGINES, POSTGRES
from benchmarks.pacing import arguments as of_pacing
from benchmarks.pacing import pacing
from benchmarks.rest import rest
from benchmarks.updates import updates
from benchmarks.verdicts import Verdict, console, show

Work = Callable[[argparse.Namespace, Console], Awaitable[list[Verdict]]]


def chosen(options: argparse.Namespace, **more: object) -> argparse.Namespace:
    return argparse.Namespace(**vars(options) | more)


async def deliver(options: argparse.Namespace, to: Console) -> list[Verdict]:
    return await broadcast(chosen(options, only=set(WAYS), rate=options.full_rate), to)


async def one_engine(work: Work, options: argparse.Namespace, to: Console) -> list[Verdict]:
    return await work(chosen(options, engine="SQLite"), to)


async def answer(options: argparse.Namespace, to: Console) -> list[Verdict]:
    return [verdict for engine in ENGINES for verdict in await updates(engine, options, to)]


WORK: dict[str, Work] = {
    "delivery": deliver,
    "pacing": lambda options, to: one_engine(pacing, options, to),
    "buttons": lambda options, to: one_engine(buttons, options, to),
    "updates": answer,
    "rest": rest,
}


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(WORK))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--recipients", type=int, default=5000)
    parser.add_argument("--full-rate", type=float, default=100_000, help="delivery.messages_per_second without limits")
    parser.add_argument("--in-flight", type=int, default=200, help="delivery.in_flight without limits")
    of_pacing(parser)
    of_buttons(parser)
    parser.add_argument("--updates", type=int, default=5000)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--queued", type=int, default=100_000)
    parser.add_argument("--postgres", default=POSTGRES)
    parser.set_defaults(notice="", alone=False, driver=None, engine="both")
    options, to = parser.parse_args(), console()
    show([verdict for name in options.only.split(",") for verdict in await WORK[name](options, to)], to)


if __name__ == "__main__":
    asyncio.run(main())
