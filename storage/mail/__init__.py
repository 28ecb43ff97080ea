"""Mail: the addresses of members whom Telegram does not reach, and the links that are signed for them."""

from storage.mail.tables import MailAddress, SigningKey

__all__ = ["MailAddress", "SigningKey"]
