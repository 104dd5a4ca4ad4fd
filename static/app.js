// What htmx and HTML can't do alone. No state, no rendering: the server does that.
"use strict";

const one = (selector) => document.querySelector(selector);
const TOAST_MS = 8000;
const openDialog = () => one("#dialog dialog[open]");
let opener = null;

function toast(text) {
  const box = document.createElement("div");
  box.className = "kt-toast";
  box.textContent = text;
  one("#toast").replaceChildren(box);
  setTimeout(() => box.remove(), TOAST_MS);
}

// Dialogs: whatever lands in #dialog opens; closing it empties the place and gives the focus back.
function showDialog() {
  const dialog = one("#dialog dialog");
  if (!dialog || dialog.open) return;
  dialog.addEventListener("close", () => {
    dialog.remove();
    // What opened it may have been replaced meanwhile, or stand in a menu that has closed.
    const menu = opener?.closest("[popover]");
    const back = menu ? one(`[popovertarget="${menu.id}"]`) : opener && (document.getElementById(opener.id) || opener);
    back?.focus();
  });
  dialog.showModal();
  // A revealed value goes by itself, also when the server is out of reach by then.
  const closing = dialog.querySelector("[data-close-after]");
  if (closing) setTimeout(() => dialog.open && dialog.close(), closing.dataset.closeAfter * 1000);
}
document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  const event = detail.requestConfig.triggeringEvent;
  if (event && !openDialog()) opener = event.submitter || detail.elt;
  detail.requestConfig.triggeringEvent?.submitter?.setAttribute("aria-busy", "true");
});
document.addEventListener("htmx:afterRequest", ({ detail }) =>
  detail.requestConfig.triggeringEvent?.submitter?.removeAttribute("aria-busy"));
// Once loaded, not once swapped: what opens earlier doesn't hear yet what is typed into it.
document.addEventListener("htmx:load", ({ target }) => target.parentNode?.id === "dialog" && showDialog());
document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-close]") || !openDialog()) return;
  event.preventDefault();
  openDialog().close();
});
document.addEventListener("close-dialog", () => openDialog()?.close());
document.addEventListener("toast", ({ detail }) => toast(detail.value));

// A lost connection and an answer that isn't shown in place; the server words the latter for people.
document.addEventListener("htmx:sendError", () => toast("Keyturn didn't answer. Nothing was sent twice; try again."));
document.addEventListener("htmx:responseError", ({ detail: { xhr } }) => {
  const plain = xhr.getResponseHeader("Content-Type")?.startsWith("text/plain");
  toast(plain ? xhr.responseText : `Keyturn answered with an error (${xhr.status}). Reload the page to see what holds now.`);
});

// Copying: data-copy="text", or empty for the <pre> beside the button; a form with data-copy-form answers with the text.
function copied(button) {
  const { title } = button;
  button.classList.add("kt-copied");
  button.title = "Copied";
  one("#live").textContent = "Copied";
  setTimeout(() => { button.classList.remove("kt-copied"); button.title = title; }, 2000);
}
document.addEventListener("click", ({ target }) => {
  const button = target.closest("button[data-copy]");
  if (!button || !navigator.clipboard) return;
  const text = button.dataset.copy || button.closest(".kt-code").querySelector("pre").textContent;
  navigator.clipboard.writeText(text).then(() => copied(button));
});
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!("copyForm" in form.dataset) || !navigator.clipboard) return;
  event.preventDefault();
  const answer = fetch(form.action, { method: "POST", body: new FormData(form), headers: { Accept: "text/plain" } })
    .then((response) => (response.headers.get("Content-Type").startsWith("text/plain") && response.ok ? response.blob() : Promise.reject(response)));
  navigator.clipboard.write([new ClipboardItem({ "text/plain": answer })])
    .then(() => copied(event.submitter), () => htmx.ajax("POST", form.action, { source: form, target: "#dialog", event }));
});

// Times: "8 d ago" stays true. The same steps as in views/frame/times.py.
const steps = [["mo", 2629746, 3], ["d", 86400, 7], ["h", 3600, 10], ["min", 60, 0], ["s", 1, 0]];
function span(seconds) {
  const number = steps.findIndex(([, size]) => seconds >= size);
  const [unit, size, few] = steps[number];
  const count = Math.floor(seconds / size);
  const [next, each] = count < few ? steps[number + 1] : [];
  const more = next ? Math.floor((seconds % size) / each) : 0;
  return `${count} ${unit}${more ? ` ${more} ${next}` : ""}`;
}
function relative(seconds, come) {
  if (seconds < 1 && come) return come;
  if (Math.abs(seconds) < 1) return "now";
  return seconds > 0 ? `in ${span(seconds)}` : `${span(-seconds)} ago`;
}
setInterval(() => document.querySelectorAll("time[data-relative]").forEach((time) => {
  time.textContent = relative((new Date(time.dateTime) - Date.now()) / 1000, time.dataset.relative);
}), 60000);

document.querySelectorAll("input[data-zone]").forEach((input) => { input.value = Intl.DateTimeFormat().resolvedOptions().timeZone; });
document.querySelectorAll(".kt-toast").forEach((box) => setTimeout(() => box.remove(), TOAST_MS));
one(".kt-tab[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
showDialog();
