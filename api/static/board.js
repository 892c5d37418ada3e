// Makes a batch's page live. Without this file the page is whole, and a reload shows what is new.
"use strict";

// Makes `old` what `now` is by changing as little as can be: what somebody has focused, or is just pressing, stays.
function renew(old, now) {
  if (old.isEqualNode(now)) return;
  if (old.nodeType !== Node.ELEMENT_NODE || old.nodeName !== now.nodeName || old.id !== now.id) {
    old.replaceWith(now.cloneNode(true));
    return;
  }
  for (const { name } of [...old.attributes]) if (!now.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of now.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  renewChildren(old, now);
}

function renewChildren(old, now) {
  const named = new Map([...old.children].filter((child) => child.id).map((child) => [child.id, child]));
  let place = old.firstChild;
  for (const child of [...now.childNodes]) {
    const known = child.id ? named.get(child.id) : place;
    if (known && child.id && known !== place) old.insertBefore(known, place);
    else if (known) place = known.nextSibling;
    if (known) renew(known, child);
    else old.insertBefore(child.cloneNode(true), place);
  }
  while (place) {
    const gone = place;
    place = place.nextSibling;
    gone.remove();
  }
}

function put(element, html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  renewChildren(element, template.content);
}

const watched = document.querySelector("[data-stream]");
if (watched && "EventSource" in window) {
  const [progress, rows, live, spoken] = ["progress", "rows", "live", "spoken"].map((id) => document.getElementById(id));
  let source = null;
  let saidAt = Date.now();
  let isDone = progress.querySelector("[data-done]") !== null;

  // A screen reader hears how far it is now and then, and when it is done.
  const say = () => {
    const done = progress.querySelector("[data-done]") !== null;
    if (done === isDone && Date.now() - saidAt < 30_000) return;
    isDone = done;
    saidAt = Date.now();
    spoken.textContent = progress.querySelector(".sentence").textContent;
  };
  const tell = (text, state) => {
    live.hidden = false;
    live.textContent = text;
    live.dataset.state = state;
  };
  const open = () => {
    source = new EventSource(watched.dataset.stream);
    source.addEventListener("open", () => tell("Live: this page updates by itself.", "on"));
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CLOSED) tell("This page does not update any more. Reload it.", "off");
      else tell("Not connected; trying again.", "off");
    });
    source.addEventListener("progress", (event) => {
      put(progress, event.data);
      say();
    });
    source.addEventListener("rows", (event) => put(rows, event.data));
  };
  open();
  // A page in the background asks for nothing; back in front, the first snapshot is the newest.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) source.close();
    else if (source.readyState === EventSource.CLOSED) open();
  });
}
