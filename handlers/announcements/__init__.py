"""Announcements: compose, choose readers, preview, release, watch, and see who was not reached."""

from __future__ import annotations

from telegram.ext import MessageHandler, filters

from handlers.announcements import acknowledging, chase, threads, verifying, voting
from handlers.announcements.attaching import (
    MEDIA,
    POLL,
    AddMedia,
    AddPoll,
    DropMedia,
    DropPoll,
    add_media,
    add_poll,
    drop_media,
    drop_poll,
    media,
    poll,
    show_media,
)
from handlers.announcements.audience import (
    AUDIENCE,
    ChooseAll,
    Clear,
    DropBlock,
    KeepList,
    OpenBlock,
    OpenLeftOut,
    OpenPicker,
    OpenSample,
    audience,
    choose_all,
    clear,
    open_block,
    remove_block,
)
from handlers.announcements.compose import (
    ANNOUNCEMENT,
    LABEL,
    WORDS,
    announce,
    choose_label,
    drop_words,
    languages,
    write_words,
)
from handlers.announcements.draft import DRAFT, TEST, TEST_ALBUM, discard, preview, send, show, try_it
from handlers.announcements.files import GetFile, files, get_file
from handlers.announcements.options import toggle_paid, toggle_urgent
from handlers.announcements.picking import Lift, Tick, TurnOut, lift_it, pick, take, turn_out
from handlers.announcements.presses import (
    Acknowledge,
    Answer,
    ChooseLabel,
    Correct,
    Discard,
    DropWords,
    OpenAudience,
    OpenChase,
    OpenDraft,
    OpenFiles,
    OpenLanguages,
    OpenMedia,
    OpenPoll,
    OpenReport,
    OpenThreads,
    OpenTimes,
    Pay,
    Preview,
    Retract,
    Send,
    ShowMedia,
    Try,
    Urgent,
    Vote,
    WriteWords,
)
from handlers.announcements.progress import PROGRESS, Pause, Resume, Stop, Undo, pause, resume, stop, undo
from handlers.announcements.reached import left_out, sample
from handlers.announcements.reading import ALBUM, TEXT
from handlers.announcements.release import RELEASE, RETURNED, Release, Return, SeeAs, let_go, see_as, send_back
from handlers.announcements.report import Missed, Turn, broadcasts, missed, report, turn
from handlers.announcements.revising import CORRECTION, FIX, GONE, RETRACTION, Reword, correct, retract, reword
from handlers.announcements.saved import (
    LIST,
    DropList,
    OpenList,
    OpenLists,
    drop_list,
    keep_list,
    lists,
    open_list,
)
from handlers.announcements.second import (
    FIX_CARD,
    ReleaseCorrection,
    ReturnCorrection,
    release_correction,
    return_correction,
)
from handlers.announcements.times import TIME, AskTime, SetTime, ask_time, set_time, times
from handlers.feature import Command, Feature, place, tap
from handlers.language import text
from storage.access import Action

_STAFF = (
    tap(OpenDraft, show, Action.ANNOUNCE),
    tap(OpenLanguages, languages, Action.ANNOUNCE),
    tap(WriteWords, write_words, Action.ANNOUNCE),
    tap(DropWords, drop_words, Action.ANNOUNCE),
    tap(ChooseLabel, choose_label, Action.ANNOUNCE),
    tap(OpenTimes, times, Action.ANNOUNCE),
    tap(SetTime, set_time, Action.ANNOUNCE),
    tap(AskTime, ask_time, Action.ANNOUNCE),
    tap(Urgent, toggle_urgent, Action.ANNOUNCE),
    tap(Pay, toggle_paid, Action.ANNOUNCE),
    tap(Preview, preview, Action.ANNOUNCE),
    tap(Try, try_it, Action.ANNOUNCE),
    tap(Send, send, Action.ANNOUNCE),
    tap(Discard, discard, Action.ANNOUNCE),
    tap(Release, let_go, Action.ANNOUNCE),
    tap(Return, send_back, Action.ANNOUNCE),
    tap(SeeAs, see_as, Action.ANNOUNCE),
    tap(Undo, undo, Action.ANNOUNCE),
    tap(Pause, pause, Action.ANNOUNCE),
    tap(Resume, resume, Action.ANNOUNCE),
    tap(Stop, stop, Action.ANNOUNCE),
    tap(OpenReport, report, Action.ANNOUNCE),
    tap(Missed, missed, Action.ANNOUNCE),
    tap(Turn, turn, Action.ANNOUNCE),
    tap(OpenFiles, files, Action.ANNOUNCE),
    tap(GetFile, get_file, Action.ANNOUNCE),
    place("announce", announce, Action.ANNOUNCE),
    place("broadcasts", broadcasts, Action.ANNOUNCE),
)

_NEW = filters.UpdateType.MESSAGE & filters.ChatType.PRIVATE & ~filters.COMMAND
_READERS = (
    tap(Acknowledge, acknowledging.acknowledge, Action.BELONG),
    tap(acknowledging.OpenCopy, acknowledging.open_copy, Action.BELONG),
    tap(Vote, voting.vote, Action.BELONG),
    tap(Answer, threads.reply, Action.BELONG),
    tap(threads.OpenThread, threads.open_thread, Action.BELONG),
    MessageHandler(_NEW & threads.ToAnnouncement(), threads.take),
    MessageHandler(_NEW & verifying.ForwardedCopy(), verifying.take),
    tap(OpenChase, chase.chase, Action.ANNOUNCE),
    tap(chase.ChaseBy, chase.chase_by, Action.ANNOUNCE),
    tap(chase.ChaseNames, chase.names, Action.ANNOUNCE),
    tap(OpenThreads, threads.threads, Action.ANNOUNCE),
    tap(threads.AnswerReader, threads.answer, Action.ANNOUNCE),
    tap(voting.OpenVotes, voting.votes, Action.ANNOUNCE),
    tap(voting.OpenVoters, voting.voters, Action.ANNOUNCE),
)
_READERS_NOTICES = (
    acknowledging.REMINDER, acknowledging.AGAIN, acknowledging.CLOSED, threads.CARD, threads.ANSWERED,
)  # fmt: skip
_READERS_REFUSALS = {
    "announcement:over": text("This announcement was taken back: it does not hold any more."),
    "announcement:crowded": text("Words and poll together are too long for one message: shorten one of them."),
    "announcement:voted": text("The poll is over: it cannot be voted in any more."),
    "announcement:anonymous": text("This poll is anonymous: nobody is told who chose what."),
    "announcement:remarks": text(
        "You have written {most} times today and not been answered yet. Please wait for an answer, or until tomorrow."
    ),
    "announcement:guesses": text(
        "You have asked for {most} codes within an hour. Please try again in {minutes} minutes."
    ),
}
_AUDIENCE = (
    tap(OpenAudience, audience, Action.ANNOUNCE),
    tap(OpenBlock, open_block, Action.ANNOUNCE),
    tap(OpenPicker, pick, Action.ANNOUNCE),
    tap(Tick, take, Action.ANNOUNCE),
    tap(TurnOut, turn_out, Action.ANNOUNCE),
    tap(Lift, lift_it, Action.ANNOUNCE),
    tap(ChooseAll, choose_all, Action.ANNOUNCE),
    tap(DropBlock, remove_block, Action.ANNOUNCE),
    tap(Clear, clear, Action.ANNOUNCE),
    tap(OpenSample, sample, Action.ANNOUNCE),
    tap(OpenLeftOut, left_out, Action.ANNOUNCE),
    tap(KeepList, keep_list, Action.ANNOUNCE),
    tap(OpenLists, lists, Action.ANNOUNCE),
    tap(OpenList, open_list, Action.ANNOUNCE),
    tap(DropList, drop_list, Action.ANNOUNCE),
)

_ATTACHING = (
    tap(OpenMedia, media, Action.ANNOUNCE),
    tap(AddMedia, add_media, Action.ANNOUNCE),
    tap(DropMedia, drop_media, Action.ANNOUNCE),
    tap(ShowMedia, show_media, Action.ANNOUNCE),
    tap(OpenPoll, poll, Action.ANNOUNCE),
    tap(AddPoll, add_poll, Action.ANNOUNCE),
    tap(DropPoll, drop_poll, Action.ANNOUNCE),
)

_REVISING = (
    tap(Correct, correct, Action.ANNOUNCE),
    tap(Reword, reword, Action.ANNOUNCE),
    tap(ReleaseCorrection, release_correction, Action.ANNOUNCE),
    tap(ReturnCorrection, return_correction, Action.ANNOUNCE),
    tap(Retract, retract, Action.ANNOUNCE),
)

_NOTICES = (
    *(DRAFT, TEST, TEST_ALBUM, TEXT, ALBUM, RELEASE, RETURNED, PROGRESS),
    *(AUDIENCE, FIX, FIX_CARD, GONE),
)

FEATURE = Feature(
    name="announcements",
    commands=(
        Command("announce", text("Write an announcement"), announce, Action.ANNOUNCE),
        Command("broadcasts", text("See announcements"), broadcasts, Action.ANNOUNCE),
        Command("verify", text("Check whether an announcement is genuine"), verifying.verify),
    ),
    handlers=(*_STAFF, *_AUDIENCE, *_ATTACHING, *_REVISING, *_READERS),
    dialogues=(
        ANNOUNCEMENT,
        WORDS,
        LABEL,
        TIME,
        LIST,
        MEDIA,
        POLL,
        CORRECTION,
        RETRACTION,
        threads.REPLY,
        threads.ANSWER,
    ),
    notices=(*_NOTICES, *_READERS_NOTICES),
    refusals={
        **_READERS_REFUSALS,
        "announcement:unknown": text("There is no such announcement."),
        "announcement:not-yours": text("This is somebody else’s draft: only its author can change it."),
        "announcement:sent": text("This announcement has left and cannot be changed. It can be corrected: /broadcasts"),
        "announcement:moved": text("Something has changed since you looked: please check it again and send it then."),
        "announcement:nobody": text("This audience is empty: nobody would get it. Choose another one."),
        "announcement:no-second": text(
            "With more than {above} recipients, or when it is urgent, a second administrator must release it: "
            "there is none."
        ),
        "announcement:formatted": text("That is too much formatting: at most {limit} formatted places, please."),
        "announcement:decided": text("This announcement has already been decided."),
        "announcement:own": text("A second administrator must release it, not its author."),
        "announcement:late": text("It was not released within 30 minutes and goes back to its author."),
        "announcement:changed": text("This is not the text that was put before you; open the newest card."),
        "announcement:author-gone": text("Its author may no longer announce, so it cannot be released."),
        "announcement:past": text("It would leave in the past, or after it has expired. Choose another time."),
        "announcement:time": text("That is no day with an hour. Write it like 24.12.2026 09:00."),
        "announcement:first": text(
            "It can come again only by one clock for all: choose first on which day and at which hour it leaves."
        ),
        "announcement:no-chart": text("The chart could not be drawn. The other files have the same figures."),
        "announcement:strict": text("{label} stays in one organisation: choose exactly one, the same in every group."),
        "announcement:audience-full": text("That is the most an audience can hold; keep it simpler, please."),
        "announcement:list-empty": text("Choose first whom it means: an audience of nobody is not kept."),
        "announcement:list-inside": text(
            "A saved list cannot contain another one: choose its conditions here instead, and keep those."
        ),
        "announcement:list-name": text("There is a list called “{name}” already. Keep it under another name."),
        "announcement:lists-full": text("There are {limit} saved lists: drop one that nobody needs first."),
        "announcement:list-unknown": text("This list is not there any more."),
        "announcement:same": text("Nothing has changed: these are the words that readers have."),
        "announcement:alone": text("A second administrator must release the correction, and there is none."),
        "announcement:caption": text("These words are too long to stand below what is attached. Shorten them."),
        "announcement:medium": text("Please send a picture or a document, or press Done."),
        "announcement:mixed": text(
            "Pictures and documents cannot be sent together. Send only one kind, or remove all."
        ),
        "announcement:many": text("That is one too many: at most {limit} can be attached."),
        "announcement:poll": text("That is no poll. Make one with the paper clip and send it here."),
        "announcement:quiz": text("A quiz has right answers: please send an ordinary poll."),
        "announcement:left": text("The first copies have left: it cannot be taken back, but cancelled or retracted."),
    },
)
