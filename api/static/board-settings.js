
// Shows on the page of the settings how a text begins and how a colour looks, while they are chosen.
const settingsForm = document.getElementById("settings-form");
if (settingsForm) {
  const field = (name) => settingsForm.elements.namedItem(name);
  const pairs = "^{}\\[~]|€";
  const places = (text) => [...text].reduce((sum, letter) => sum + (pairs.includes(letter) ? 2 : 1), 0);
  const shortName = () => {
    const text = field("short_name").value.trim();
    const [count, preview] = ["short-count", "short-preview"].map((id) => document.getElementById(id));
    count.textContent = count.dataset.told.replace("{count}", places(text));
    preview.firstElementChild.textContent = preview.dataset.told.replace("{name}", () => text || "…");
  };
  const luminance = (colour) => {
    const [red, green, blue] = [1, 3, 5].map((at) => {
      const part = parseInt(colour.slice(at, at + 2), 16) / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const colour = () => {
    const picked = field("pick").value;
    const chosen = (picked === "own" ? field("own_colour").value.trim() : picked).toLowerCase();
    if (!/^#[0-9a-f]{6}$/.test(chosen)) return;
    for (const button of settingsForm.querySelectorAll("[data-colour]")) button.setAttribute("fill", chosen);
    const contrast = 1.05 / (luminance(chosen) + 0.05);
    const told = document.getElementById("contrast");
    const { enough, little } = told.dataset;
    told.textContent = (contrast >= 4.5 ? enough : little).replace("{contrast}", contrast.toFixed(1));
  };
  field("short_name").addEventListener("input", shortName);
  field("own_colour").addEventListener("input", () => {
    settingsForm.querySelector("[name=pick][value=own]").checked = true;
    colour();
  });
  // What is written is meant, and what is ticked after it takes it back.
  const days = [...settingsForm.querySelectorAll(".day select")];
  for (const select of days) {
    select.addEventListener("change", () => { settingsForm.querySelector("[name=times][value=own]").checked = true; });
  }
  settingsForm.addEventListener("change", ({ target }) => {
    if (target.name === "pick" && target.value !== "own") field("own_colour").value = field("own_colour").defaultValue;
    if (target.name === "times" && target.value !== "own") {
      for (const option of days.flatMap((select) => [...select.options])) option.selected = option.defaultSelected;
    }
  });
  settingsForm.addEventListener("change", colour);
}
