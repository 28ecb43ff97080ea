"""Logs: never the token, never a password, never a mail address."""

from __future__ import annotations

import logging
import sys

import pytest
from story import TOKEN

from bot import logs


@pytest.mark.parametrize("json", [False, True])
def test_no_record_and_no_traceback_tells_a_secret(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    json: bool,  # noqa: FBT001
) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    logs.set_up((TOKEN,), json=json)
    try:
        int(f"https://api.telegram.org/bot{TOKEN}/getMe with 123456:AnotherToken-OfSomebody")
    except ValueError:
        logs.log("bot").exception("a failure", url=f"http://x/file/bot{TOKEN}/y", token=TOKEN)
        logging.getLogger("a.library").exception(
            "postgresql://root:hunter2@db.example.org/network %s <me.too@mail.example.org> to:nobody@example.org", TOKEN
        )
    logging.getLogger("a.library").error("550 5.1.1 here/o'neil@example.org; smtp://user@mail.example.org")
    sys.excepthook(ValueError, ValueError(TOKEN), None)

    said = capsys.readouterr().err
    assert said.count("a failure") == 1
    assert "@db.example.org" in said
    assert "smtp://user@mail.example.org" in said
    for secret in (
        TOKEN,
        TOKEN.partition(":")[2],
        "AnotherToken-OfSomebody",
        "hunter2",
        "me.too@mail",
        "nobody@",
        "neil",
    ):
        assert secret not in said
