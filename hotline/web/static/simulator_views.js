// Which half of the simulator a small screen shows.

export function setUpViews(root) {
  for (const button of document.querySelectorAll("[data-show]")) {
    button.addEventListener("click", () => {
      root.dataset.view = button.dataset.show;
      for (const other of document.querySelectorAll("[data-show]")) other.ariaPressed = String(other === button);
      if (root.dataset.view === "messages") document.querySelector(".views .dot").classList.remove("new");
    });
  }
}

// On a small screen the chosen language may lie outside its row.
export function showChosen() {
  for (const chosen of document.querySelectorAll("[aria-current=page], [data-examples][aria-pressed=true]")) {
    const [row, inside] = [chosen.parentElement, chosen.getBoundingClientRect()];
    const around = row.getBoundingClientRect();
    row.scrollBy(inside.left + inside.width / 2 - around.left - around.width / 2, 0);
  }
}
