// The page's own words.
const WORDS = {
  en: {
    banner: "This is a simulation, not Telegram. Nothing leaves this machine.", tour: "Tour", calls: "Calls", write: "Write a message",
    send: "Send", menu: "Commands", attach: "Attach a file", start: "Start", edited: "edited", protected: "protected", silent: "silent",
    copied: "Copied", hour: "+1 hour", day: "+1 day", monday: "Next Monday 09:00", back: "Back to now", next: "Next send", clear: "Clear",
    step1: "As Saltanat, press Start and apply.", step2: "As Maral, the administrator, press Approve on the card.",
    step3: "As Saltanat, send /topics and subscribe to one.", step4: "Send a link, such as https://example.org/paper, and fill the form.",
    step5: "Press “Next Monday 09:00”: the weekly digest comes.", step6: "As Maral, send /announce and watch its progress.",
  },
  ru: {
    banner: "Это имитация, а не Telegram. Ничего не покидает этот компьютер.", tour: "Обзор", calls: "Вызовы", write: "Напишите сообщение",
    send: "Отправить", menu: "Команды", attach: "Приложить файл", start: "Старт", edited: "изменено", protected: "защищено", silent: "без звука",
    copied: "Скопировано", hour: "+1 час", day: "+1 день", monday: "Понедельник, 09:00", back: "Вернуться в настоящее", next: "Сбой отправки", clear: "Убрать",
    step1: "За Рустама нажмите «Старт» и подайте заявку.", step2: "За администратора Тимура нажмите «Одобрить» на карточке.",
    step3: "За Рустама отправьте /topics и подпишитесь на тему.", step4: "Пришлите ссылку, например https://example.org/paper, и заполните анкету.",
    step5: "Нажмите «Понедельник, 09:00»: придёт дайджест.", step6: "За Тимура отправьте /announce и следите за отправкой.",
  },
};
let language = "en";

export function speak(wanted) { language = WORDS[wanted] ? wanted : "en"; document.documentElement.lang = language; }
export function spoken() { return language; }
export function say(word) { return WORDS[language][word] || word; }
