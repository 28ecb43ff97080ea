"""What people feel about messages: their reactions, and what the bot hears of them."""

from __future__ import annotations

from collections import Counter

from bot.sandbox.deeds import Deeds
from bot.sandbox.failure import NotPossible
from bot.sandbox.world import Chat, Json, Sent


class Reactions(Deeds):
    """Telegram tells only administrators of reactions, and only those that ask for such updates."""

    def do_react(self, user_id: int, facts: Json) -> Json:
        """React to `message_id` with one `emoji`; an empty one takes the reaction back.

        An `anonymous` administrator reacts as the group. Whose reactions a channel's post has, nobody is told.
        """
        chat, sent = self._message(user_id, facts)
        if chat.type in {"group", "supergroup"} and not chat.permits(user_id, "can_react_to_messages"):
            raise NotPossible("this person may not react in that chat")
        actor: Json = {"user": self._world.user(user_id)}
        if facts.get("anonymous"):
            self._staff(chat, user_id)
            actor = {"actor_chat": self._world.described(chat)}
        author = chat.id if facts.get("anonymous") else user_id
        before = sent.reactions.get(author, [])
        now = [{"type": "emoji", "emoji": facts["emoji"]}] if facts.get("emoji") else []
        if now != before:
            sent.reactions[author] = now
            self._reacted(chat, sent, actor, {"old_reaction": before, "new_reaction": now})
        return {}

    def _reacted(self, chat: Chat, sent: Sent, actor: Json, reactions: Json) -> None:
        if not chat.private and chat.member(self._world.bot_id).status != "administrator":
            return
        body: Json = {"chat": self._world.described(chat), "message_id": sent.body["message_id"]}
        body |= {"date": self._world.clock.stamp()}
        if chat.type == "channel":
            self._world.tell("message_reaction_count", {**body, "reactions": _counted(sent)})
        else:
            self._world.tell("message_reaction", {**body, **actor, **reactions})


def _counted(sent: Sent) -> list[Json]:
    kinds = Counter(one["emoji"] for given in sent.reactions.values() for one in given)
    return [{"type": {"type": "emoji", "emoji": emoji}, "total_count": count} for emoji, count in kinds.items()]
