// Inviting residents: counts while a list is pasted, takes a file that is dropped, and mends entries in place. Without
// this file every form leads to a page of its own, which says the same.
const pasting = document.querySelector("[data-paste]");
if (pasting) {
  const [list, file, count] = ["list", "file", "count"].map((id) => document.getElementById(id));
  const tell = () => {
    const lines = list.value.split(/\r\n|[\r\n]/).filter((line) => line.trim());
    // A line with several addresses holds several entries.
    const found = lines.reduce((sum, line) => sum + Math.max(1, (line.match(/@/g) ?? []).length), 0);
    const chosen = file.files[0];
    count.hidden = false;
    const said = count.dataset;
    const size = chosen && Math.ceil(chosen.size / 1024).toLocaleString("en");
    if (chosen) count.textContent = said.chosen.replace("{size}", size).replace("{name}", () => chosen.name);
    else if (found === 0) count.textContent = "";
    else count.textContent = (found === 1 ? said.one : said.several).replace("{count}", found.toLocaleString("en"));
    const bytes = chosen ? chosen.size : list.value.length;
    if (bytes > 16 * 1024 * 1024) count.textContent += ` ${said.large}`;
  };
  let soon = 0;
  list.addEventListener("input", () => {
    clearTimeout(soon);
    soon = setTimeout(tell, 150);
  });
  file.addEventListener("change", tell);
  for (const kind of ["dragover", "dragleave", "drop"]) {
    pasting.addEventListener(kind, (event) => {
      if (![...event.dataTransfer.types].includes("Files")) return;
      event.preventDefault();
      pasting.classList.toggle("over", kind === "dragover");
      if (kind !== "drop") return;
      file.files = event.dataTransfer.files;
      tell();
    });
  }
  tell();
}

const note = document.querySelector("textarea[data-most]");
if (note) {
  const count = document.getElementById("note-count");
  const tell = () => {
    const left = Number(note.dataset.most) - [...note.value.trim()].length;
    count.hidden = false;
    const { leftOne, left: leftMany, overOne, over } = count.dataset;
    const told = left < 0 ? (left === -1 ? overOne : over) : (left === 1 ? leftOne : leftMany);
    count.textContent = told.replace("{count}", Math.abs(left));
    count.classList.toggle("bad", left < 0);
  };
  note.addEventListener("input", tell);
  tell();
}

// Who writes a day and time means it; who chooses to send at once takes it back.
const sendAt = document.getElementById("send_at");
if (sendAt) {
  const when = (value) => sendAt.form.querySelector(`[name=when][value=${value}]`);
  sendAt.addEventListener("input", () => { when(sendAt.value ? "later" : "now").checked = true; });
  when("now").addEventListener("change", () => { sendAt.value = ""; });
}

// A second press while the first one is on its way says nothing new.
for (const form of document.querySelectorAll("[data-once]")) {
  let pressed = false;
  form.addEventListener("submit", (event) => {
    if (pressed) event.preventDefault();
    pressed = true;
  });
  addEventListener("pageshow", () => { pressed = false; });
}

const mending = document.querySelector("[data-mend]");
if (mending && "fetch" in window) {
  let turn = 0;
  const parts = ["told", "tiles", "go", "list"].map((id) => document.getElementById(id));
  document.getElementById("list").addEventListener("submit", async (event) => {
    const form = event.target;
    if (!mending.contains(form)) return;
    event.preventDefault();
    const mine = ++turn;
    const row = form.closest("li");
    const neighbour = (row.nextElementSibling ?? row.previousElementSibling)?.id;
    const body = new URLSearchParams(new FormData(form, event.submitter));
    row.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(form.action, { method: "POST", body });
      if (!(answer.ok || answer.status === 409) || !new URL(answer.url).pathname.startsWith("/invite/lists/")) throw new Error("another page");
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (mine !== turn) return;
      const focused = document.activeElement?.id;
      for (const part of parts) {
        const now = page.getElementById(part.id);
        if (!now) throw new Error("another page");
        // What somebody typed in another row and did not save yet stays.
        for (const field of part.querySelectorAll("input[id]")) {
          if (field.value === field.defaultValue || row.contains(field)) continue;
          const same = page.getElementById(field.id);
          if (!same) continue;
          same.dataset.typed = field.value;
          // It was typed over what was seen then.
          same.form.elements.seen.value = field.form.elements.seen.value;
        }
        for (const open of part.querySelectorAll("li:not(#" + row.id + ") > details[open]")) {
          const same = page.getElementById(open.parentElement.id)?.querySelector("details");
          if (same) same.open = true;
        }
        renew(part, now);
      }
      for (const field of document.querySelectorAll("#list input[data-typed]")) {
        field.value = field.dataset.typed;
        delete field.dataset.typed;
      }
      const here = document.getElementById(row.id);
      for (const field of here?.querySelectorAll("input[id]") ?? []) field.value = field.defaultValue;
      // The focus stays where it was, else at the row, else at the one that came after.
      const same = focused ? document.getElementById(focused) : null;
      const place = (same?.checkVisibility() && same) || here || document.getElementById(neighbour) || document.getElementById("list-title");
      place?.focus({ preventScroll: place === here });
    } catch {
      // The page of its own says what is the matter.
      const press = event.submitter;
      if (press?.name) {
        const field = document.createElement("input");
        Object.assign(field, { type: "hidden", name: press.name, value: press.value });
        form.append(field);
      }
      form.submit();
    }
  });
}
