"""What `check` finds out about the mail server, without sending anything."""

from __future__ import annotations

from bot.clock import Clock
from bot.config import Loaded
from bot.mail.sending import FAILURES, Postman, trouble


async def mail_problems(loaded: Loaded) -> list[str]:
    """Return what keeps mail from leaving, in one sentence if there is anything; nothing where no mail is offered."""
    settings = loaded.settings.mail
    if settings.host is None:
        return []
    postman = Postman(settings, loaded.mail_password, loaded.settings.network.name, Clock().now)
    try:
        connection = await postman.connect()
        answer = await connection.execute_command(b"MAIL", f"FROM:<{postman.sender}>".encode())
        connection.close()
    except FAILURES as error:
        return [f"The mail server at {settings.host}:{settings.port} cannot be used: {trouble(error)}."]
    if answer.code >= 400:  # noqa: PLR2004 - RFC 5321 §4.2.1
        return [f"The mail server at {settings.host} refuses mail.sender: {' '.join(answer.message.split())}."]
    return []
