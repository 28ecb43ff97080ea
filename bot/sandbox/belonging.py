"""How people come to chats and leave them, and what they do there as members and administrators."""

from __future__ import annotations

from dataclasses import replace

from bot.sandbox.failure import NotPossible
from bot.sandbox.forums import Forums
from bot.sandbox.methods import invites
from bot.sandbox.methods.call import Call
from bot.sandbox.methods.chats import change
from bot.sandbox.world import CHANNEL_RIGHTS, RIGHTS, Chat, Json, Membership


class Belonging(Forums):
    """Blocking, joining, inviting, promoting, deciding; the permissions and the upgrade of a group.

    A deed in a group names its `chat`; one done to somebody names them as `user`, the bot as `"bot"`.
    """

    def do_block(self, user_id: int, _facts: Json) -> Json:
        return self._blocked(user_id, blocked=True)

    def do_unblock(self, user_id: int, _facts: Json) -> Json:
        return self._blocked(user_id, blocked=False)

    def do_deactivate(self, user_id: int, _facts: Json) -> Json:
        self._world.gone.add(user_id)
        return {}

    def do_join(self, user_id: int, facts: Json) -> Json:
        """Come to a `chat` oneself or by an `invite_link`, of a chat `folder` maybe; or ask, where the link asks."""
        user = self._world.user(user_id)
        chat, link = self._door(facts)
        if chat.member(user_id).status == "kicked":
            raise NotPossible("this person is banned there")
        if chat.belongs(user_id):
            raise NotPossible("this person is there already")
        if link is not None and link["creates_join_request"]:
            return self._ask(chat, user, link)
        if link is not None:
            chat.uses[link["invite_link"]] = chat.uses.get(link["invite_link"], 0) + 1
        via: Json = {"invite_link": invites.told(self._world, link)} if link else {}
        via |= {"via_chat_folder_invite_link": True} if facts.get("folder") else {}
        change(self._world, chat, user_id, chat.entered(user_id), user, **via)
        self._world.announce(chat, user, {"new_chat_members": [user]})
        return {"joined": True}

    def do_invite(self, user_id: int, facts: Json) -> Json:
        """Make a link into a group, as an administrator of it does: one that asks, or one that opens at once."""
        chat = self._world.chat(facts["chat"])
        if not chat.may(user_id, "can_invite_users"):
            raise NotPossible("only administrators who may invite make links")
        return invites.made(chat, invites.fresh(self._world.user(user_id), asks=bool(facts.get("asks"))))

    def _ask(self, chat: Chat, user: Json, link: Json) -> Json:
        date = self._world.clock.stamp()
        chat.requests[user["id"]] = {"date": date, "link": link}
        body = {"chat": self._world.described(chat), "from": user, "user_chat_id": user["id"], "date": date}
        if chat.may(self._world.bot_id, "can_invite_users"):
            self._world.tell("chat_join_request", {**body, "invite_link": invites.told(self._world, link)})
        self._world.touch(chat)
        return {"requested": True}

    def do_withdraw(self, user_id: int, facts: Json) -> Json:
        chat = self._world.chat(facts["chat"])
        if chat.requests.pop(user_id, None) is None:
            raise NotPossible("there is no such join request")
        chat.answered.add(user_id)
        return {}

    def do_leave(self, user_id: int, facts: Json) -> Json:
        chat, user = self._world.chat(facts["chat"]), self._world.user(user_id)
        if not chat.belongs(user_id):
            raise NotPossible("this person is not in that chat")
        change(self._world, chat, user_id, chat.left(user_id), user)
        self._world.announce(chat, user, {"left_chat_member": user})
        return {}

    def do_add(self, user_id: int, facts: Json) -> Json:
        """Add somebody: administrators by their right, members where the group permits it."""
        chat, by = self._world.chat(facts["chat"]), self._world.user(user_id)
        if not chat.allows(user_id, "can_invite_users"):
            raise NotPossible("this person may not add others to that chat")
        account = self._account(facts)
        if chat.belongs(account):
            raise NotPossible("that person is there already")
        if chat.member(account).status == "kicked":
            self._need(chat, user_id, "can_restrict_members")
        change(self._world, chat, account, chat.entered(account), by)
        self._world.announce(chat, by, {"new_chat_members": [self._world.user(account)]})
        return {}

    def do_remove(self, user_id: int, facts: Json) -> Json:
        chat, by = self._world.chat(facts["chat"]), self._world.user(user_id)
        self._need(chat, user_id, "can_restrict_members")
        account = self._account(facts)
        self._below(chat, user_id, account)
        change(self._world, chat, account, Membership("kicked"), by)
        self._world.announce(chat, by, {"left_chat_member": self._world.user(account)})
        return {}

    def do_promote(self, user_id: int, facts: Json) -> Json:
        """Make somebody an administrator with the `rights` that are given as true, or with all."""
        chat = self._world.chat(facts["chat"])
        self._need(chat, user_id, "can_promote_members")
        given = facts.get("rights")
        known = set(RIGHTS + (CHANNEL_RIGHTS if chat.type == "channel" else ()))
        rights = known if given is None else {right for right, on in given.items() if on}
        change(self._world, chat, self._account(facts), Membership("administrator", rights), self._world.user(user_id))
        return {}

    def do_demote(self, user_id: int, facts: Json) -> Json:
        chat = self._world.chat(facts["chat"])
        self._need(chat, user_id, "can_promote_members")
        change(self._world, chat, self._account(facts), Membership("member"), self._world.user(user_id))
        return {}

    def do_restrict(self, user_id: int, facts: Json) -> Json:
        """Leave somebody only the `permissions` that are given, until `until_date` or for ever."""
        chat, account = self._world.chat(facts["chat"]), self._account(facts)
        self._need(chat, user_id, "can_restrict_members")
        self._below(chat, user_id, account)
        permissions, until = dict(facts.get("permissions", {})), int(facts.get("until_date", 0))
        to = Membership("restricted", permissions=permissions, until=until, inside=chat.belongs(account))
        if until:
            self._world.sentences.append((until, chat.id, account))
        change(self._world, chat, account, to, self._world.user(user_id))
        return {}

    def do_permit(self, user_id: int, facts: Json) -> Json:
        """Change some `permissions` of a group's members; no bot is told."""
        chat = self._world.chat(facts["chat"])
        self._need(chat, user_id, "can_restrict_members")
        chat.permissions |= {name: bool(facts["permissions"][name]) for name in facts["permissions"]}
        self._world.touch(chat)
        return {}

    def _below(self, chat: Chat, user_id: int, account: int) -> None:
        status = chat.member(account).status
        if status == "creator" or (status == "administrator" and chat.member(user_id).status != "creator"):
            raise NotPossible("only the owner of a chat may do that to its administrators, and nobody to the owner")

    def do_approve(self, user_id: int, facts: Json) -> Json:
        """Let in somebody who asks, by hand; the bot is told who did."""
        chat, asking = self._world.chat(facts["chat"]), int(facts["user"])
        self._need(chat, user_id, "can_invite_users")
        call = Call(self._world, self._updates, "", {})
        invites.admit(call, chat, asking, self._decided(chat, asking), self._world.user(user_id))
        return {}

    def do_decline(self, user_id: int, facts: Json) -> Json:
        chat = self._world.chat(facts["chat"])
        self._need(chat, user_id, "can_invite_users")
        self._decided(chat, int(facts["user"]))
        return {}

    def _decided(self, chat: Chat, asking: int) -> Json:
        request = chat.requests.pop(asking, None)
        if request is None:
            raise NotPossible("there is no such join request")
        chat.answered.add(asking)
        return request

    def _door(self, facts: Json) -> tuple[Chat, Json | None]:
        if "invite_link" not in facts:
            return self._world.chat(facts["chat"]), None
        for chat in self._world.chats.values():
            link = chat.links.get(facts["invite_link"])
            if link is not None and self._opens(chat, link):
                return chat, link
        raise NotPossible("this invite link does not work any more")

    def _opens(self, chat: Chat, link: Json) -> bool:
        late = self._world.clock.stamp() >= link.get("expire_date", float("inf"))
        full = chat.uses.get(link["invite_link"], 0) >= link.get("member_limit", float("inf"))
        return not (link["is_revoked"] or late or full)

    # -- groups

    def do_upgrade(self, user_id: int, facts: Json) -> Json:
        """Make a supergroup of a group: who is in it, its administrators and its permissions come along.

        Telegram tells of it in both chats; `new_first` lets the supergroup's word come first, and `standing` lets the
        bot be told that it is there as well.
        """
        old, user = self._world.chat(facts["chat"]), self._world.user(user_id)
        if old.type != "group" or old.migrated_to or old.member(user_id).status != "creator":
            raise NotPossible("only the owner of a basic group can upgrade it, and once")
        facts_of_new = {"type": "supergroup", "title": old.title, "owner": user_id, "permissions": old.permissions}
        new = self._world.add_chat(facts_of_new)
        new.members = {account: replace(m, rights=set(m.rights)) for account, m in old.members.items()}
        said = [(old, {"migrate_to_chat_id": new.id}), (new, {"migrate_from_chat_id": old.id})]
        if facts.get("new_first"):  # updates of two chats come in any order
            said.reverse()
        if facts.get("standing"):
            self._stands(new, user)
        for chat, content in said:
            self._world.service(chat, user, content)
        old.migrated_to = new.id
        return self._world.described(new)

    def _stands(self, chat: Chat, by: Json) -> None:
        """Tell the bot that it is in a chat which has just come to be."""
        bot = self._world.bot_id
        standing, chat.members[bot] = chat.member(bot), Membership("left")
        change(self._world, chat, bot, standing, by)

    def do_delete_group(self, _user_id: int, facts: Json) -> Json:
        self._world.chat(facts["chat"]).deleted = True
        return {}
