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

// Line breaks between elements mean nothing.
const isBlank = (node) => node.nodeType === Node.TEXT_NODE && /^\s*\n\s*$/.test(node.data);

function renewChildren(old, now) {
  const staying = new Set([...now.children].map((child) => child.id).filter(Boolean));
  for (const child of [...old.childNodes]) if (isBlank(child) || (child.id && !staying.has(child.id))) child.remove();
  const known = new Map([...old.children].filter((child) => child.id).map((child) => [child.id, child]));
  let place = old.firstChild;
  for (const child of now.childNodes) {
    if (isBlank(child)) continue;
    const same = child.id ? known.get(child.id) : place && !place.id ? place : null;
    if (!same) {
      old.insertBefore(child.cloneNode(true), place);
      continue;
    }
    if (same === place) place = place.nextSibling;
    else old.insertBefore(same, place);
    renew(same, child);
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
    source.addEventListener("open", () => tell(watched.dataset.live, "on"));
    source.addEventListener("error", () => {
      tell(watched.dataset.notLive, "off");
      // The browser tries again by itself, unless it got an answer that is no stream.
      if (source.readyState === EventSource.CLOSED) setTimeout(reopen, 5_000 + Math.random() * 10_000);
    });
    source.addEventListener("progress", (event) => {
      put(progress, event.data);
      say();
    });
    source.addEventListener("rows", (event) => put(rows, event.data));
  };
  const reopen = () => {
    if (!document.hidden && (!source || source.readyState === EventSource.CLOSED)) open();
  };
  reopen();
  // A page in the background asks for nothing; back in front, the first snapshot is the newest.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) source?.close();
    else reopen();
  });
}
