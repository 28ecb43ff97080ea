"""Mail: the addresses of members whom Telegram does not reach, and the links that are signed for them."""

from storage.mail.addresses import (
    CODE,
    CODE_FOR,
    CODES_AN_HOUR,
    TRIES,
    Checked,
    Verdict,
    addressed,
    code_of,
    forget,
    known_as,
    of,
    proper,
    propose,
    prove,
)
from storage.mail.channels import CONSENT, choose
from storage.mail.failures import TAKE_MAIL, TAKE_TELEGRAM, noted
from storage.mail.keys import Purpose, draw, holder, token
from storage.mail.tables import MailAddress, SigningKey

__all__ = [
    "CODE",
    "CODES_AN_HOUR",
    "CODE_FOR",
    "CONSENT",
    "TAKE_MAIL",
    "TAKE_TELEGRAM",
    "TRIES",
    "Checked",
    "MailAddress",
    "Purpose",
    "SigningKey",
    "Verdict",
    "addressed",
    "choose",
    "code_of",
    "draw",
    "forget",
    "holder",
    "known_as",
    "noted",
    "of",
    "proper",
    "propose",
    "prove",
    "token",
]
