"""Our own failures: whoever meets one gets a reference that the log knows, and never a spinner or a traceback."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from cast import alters
from record import answers, calls, comes, replies
from story import Stage, written

pytestmark = pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)


async def test_a_failure_is_answered_with_a_reference_that_is_in_the_log(
    stage: Stage, capfd: pytest.CaptureFixture[str]
) -> None:
    member = await stage.joined(50)
    async with stage.bot():
        await member.says("/share https://example.org/paper")
        asked = await member.sees("Traffic Light Protocol")
        await alters(stage, "UPDATE dialogue SET name = 'a form of yore'")
        cancel = asked["reply_markup"]["inline_keyboard"][-1][-1]["callback_data"]
        await member.does("press", message_id=asked["message_id"], data=cancel)
        apology = await member.sees("Something went wrong on our side")
        answered = await comes(stage.control, "answerCallbackQuery")
        pressed, counted = await answers(stage.control)
    (reference,) = re.findall(r"E-[0-9A-F]{6}", written(apology))
    assert reference in "".join(capfd.readouterr())
    assert not re.search(r"Error|Traceback|a form of yore|line \d+", written(apology))
    assert [counted[query] for query in pressed] == [1]
    (press,) = [e for e in await stage.control.get("/updates") if "callback_query" in e["update"]]
    waited = datetime.fromisoformat(answered["at"]) - datetime.fromisoformat(press["at"])
    assert waited < timedelta(seconds=2), "the button span until it was tried for the last time"
    sent = next(c for c in await calls(stage.control, "sendMessage") if "went wrong" in c["parameters"]["text"])
    assert sent["parameters"]["link_preview_options"] == {"is_disabled": True}


async def test_a_button_is_answered_where_its_effect_stands_and_only_the_redrawing_failed(stage: Stage) -> None:
    member = await stage.joined(50)
    async with stage.bot():
        await member.says("/topics")
        await member.sees("Topics.")
        await member.taps("Joint Plan")
        await member.sees("You do not follow")
        await stage.control.post("/faults", method="editMessageText", kind="500", times=1)
        await member.taps("Subscribe")
        await replies(member)
        pressed, counted = await answers(stage.control)
        assert [counted[query] for query in pressed] == [1, 1]
    assert await stage.rows("SELECT level FROM subscription") == [("digest",)]
