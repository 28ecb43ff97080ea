// Files that wait to be sent with the next message.
import { deed } from "/page/control.js";
import { iconButton, make } from "/page/element.js";
import { sizeOf } from "/page/media.js";
import { say } from "/page/words.js";

const PICTURES = ["image/jpeg", "image/png", "image/webp", "image/gif"];

export class Attachments {
  constructor(composer) {
    this.composer = composer;
    this.files = [];
    this.element = make("div", { className: "attachments", hidden: true });
    this.input = make("input", { type: "file", multiple: true, hidden: true, tabIndex: -1, on: { change: () => { this.add(this.input.files); this.input.value = ""; } } });
  }

  get any() { return this.files.length > 0; }

  // What is pasted or dropped as a picture goes as one; what is chosen by the paper clip goes as a file.
  add(list, pictures = false) {
    for (const file of list) this.files.push({ file, picture: pictures && PICTURES.includes(file.type) });
    this.draw();
    this.composer.focus();
  }

  draw() {
    this.element.replaceChildren(...this.files.map((one) => this.chip(one)));
    this.element.hidden = !this.any;
  }

  chip(one) {
    const { file } = one;
    const drop = () => { this.files = this.files.filter((other) => other !== one); this.draw(); };
    const turn = make("button", { type: "button", className: "small-button", textContent: say(one.picture ? "as_picture" : "as_file"), on: { click: () => { one.picture = !one.picture; this.draw(); } } });
    return make("div", { className: "chip" }, make("span", { className: "file-facts" }, make("b", { textContent: file.name, dir: "auto" }), make("small", { textContent: sizeOf(file.size) })),
      PICTURES.includes(file.type) && turn, iconButton("close", say("remove_file", { name: file.name }), drop));
  }

  // Send everything; the words go under the first.
  async send(facts, caption) {
    const waiting = this.files;
    this.files = [];
    this.draw();
    const album = waiting.length > 1 ? { media_group_id: String(Date.now()) } : {};
    let words = caption;
    for (const { file, picture } of waiting) {
      const body = { file_name: file.name, mime_type: file.type || "application/octet-stream", content_b64: await base64(file) };
      const sent = await deed(this.composer.desk.person.id, "send", { ...facts, ...album, [picture ? "photo" : "document"]: body, ...(words ? { caption: words } : {}) });
      if (sent) words = "";
    }
  }
}

function base64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(String(reader.result).split(",", 2)[1] || ""));
    reader.addEventListener("error", () => reject(reader.error));
    reader.readAsDataURL(file);
  });
}
