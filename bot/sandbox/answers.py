"""What each method answers, by the Bot API's own types, and a check that the sandbox keeps to them."""

from __future__ import annotations

from bot.sandbox import schema

_RETURNS: dict[str, tuple[str, ...]] = {
    "getMe": ("User",),
    "getUpdates": ("Array of Update",),
    "getWebhookInfo": ("WebhookInfo",),
    "sendMessage": ("Message",),
    "sendDocument": ("Message",),
    "sendPhoto": ("Message",),
    "sendMediaGroup": ("Array of Message",),
    "sendPoll": ("Message",),
    "stopPoll": ("Poll",),
    "copyMessage": ("MessageId",),
    "copyMessages": ("Array of MessageId",),
    "forwardMessage": ("Message",),
    "forwardMessages": ("Array of MessageId",),
    "editMessageText": ("Message",),
    "editMessageCaption": ("Message",),
    "editMessageReplyMarkup": ("Message",),
    "getFile": ("File",),
    "getChat": ("ChatFullInfo",),
    "getChatMember": ("ChatMember",),
    "getChatAdministrators": ("Array of ChatMember",),
    "getChatMemberCount": ("Integer",),
    "createChatInviteLink": ("ChatInviteLink",),
    "editChatInviteLink": ("ChatInviteLink",),
    "revokeChatInviteLink": ("ChatInviteLink",),
    "exportChatInviteLink": ("String",),
    "createForumTopic": ("ForumTopic",),
    "getMyCommands": ("Array of BotCommand",),
    "getMyName": ("BotName",),
    "getMyDescription": ("BotDescription",),
    "getMyShortDescription": ("BotShortDescription",),
    "getChatMenuButton": ("MenuButton",),
    "getMyDefaultAdministratorRights": ("ChatAdministratorRights",),
}
"""The rest of the modelled methods answer True."""


def returned(method: str) -> tuple[str, ...]:
    """Return the types that a method is declared to return."""
    return _RETURNS.get(method, ("Boolean",))


def problems(method: str, result: object) -> list[str]:
    """Return every way in which an answer departs from the type that the method is declared to return."""
    return schema.shape(returned(method), result)
