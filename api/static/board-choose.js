// Choosing households: all of a page at once, and how many there are. Without this file every box is pressed by itself.
// Where no household is like what was searched, there is nothing to choose.
const choosing = document.querySelector("[data-choosing]:has(#choose-page)");
if (choosing) {
  const [count, label, all] = ["chosen-count", "choose-page", "choose-all"].map((id) => document.getElementById(id));
  const page = label.querySelector("input");
  const boxes = [...choosing.querySelectorAll("input[name=household]")];
  const tell = () => {
    const chosen = boxes.filter((box) => box.checked).length;
    page.checked = chosen === boxes.length;
    page.indeterminate = chosen > 0 && chosen < boxes.length;
    const said = all?.checked ? count.dataset.all : chosen === 0 ? count.dataset.none : count.dataset.some;
    const told = said.replace("{n}", chosen);
    if (count.textContent !== told) count.textContent = told;
  };
  count.hidden = false;
  label.hidden = false;
  choosing.addEventListener("change", ({ target }) => {
    if (target === page) for (const box of boxes) box.checked = page.checked;
    // Whoever takes one out does not mean all any more.
    if (target !== all && all && !target.checked) all.checked = false;
    tell();
  });
  // What was chosen before is still so when somebody comes back.
  addEventListener("pageshow", tell);
  tell();
}
