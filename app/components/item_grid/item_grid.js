// A wall of items over one sprite sheet. A click, Enter or Space picks an item; arrow keys move (roving tabindex).
//
// A pick is shown before the server has answered, and it is sent again with the next one until the server's data show
// it: of two quick picks the second interrupts the first one's run, which would then be forgotten.

const TILE = 28;
const UNANSWERED = 2000; // ms after which a pick that the data do not show is given up
const OTHER = { A: "B", B: "A", "": "" };
const instances = new WeakMap();

export default function (component) {
  const { parentElement, data, setTriggerValue } = component;
  const grid = parentElement.querySelector(".grid");

  let state = instances.get(parentElement);
  if (!state) {
    state = { source: null, language: null, current: 0, picks: [] };
    instances.set(parentElement, state);
    grid.onclick = (event) => pick(state, event.target.closest(".item"));
    grid.onkeydown = (event) => onKey(grid, state, event);
    grid.addEventListener("focusin", (event) => moveTabStop(grid, state, indexOf(grid, event.target)));
  }
  state.data = data;
  state.send = (picks) => setTriggerValue("picks", picks);

  speak(parentElement, data);
  grid.setAttribute("aria-label", data.label);
  grid.classList.toggle("strip", data.strip);
  if (state.source !== data.sprite || state.language !== data.language) {
    [state.source, state.language] = [data.sprite, data.language];
    rebuild(grid, state);
  } else data.items.forEach((item, index) => nameItem(grid.children[index], item, data)); // how near are they now?
  state.picks = state.picks.filter((pick) => isUnanswered(pick, data));
  mark(grid, state);
}

function isUnanswered(pick, data) {
  const shown = data.items.find((item) => item.id === pick.id && data.split === pick.split);
  return shown && !shown.badge.includes(pick.slot) && performance.now() - pick.at < UNANSWERED;
}

function rebuild(grid, state) {
  const { items, sprite } = state.data;
  grid.replaceChildren(...items.map((item, index) => buildItem(item, index, state.data)));
  state.current = 0;
  moveTabStop(grid, state, 0);

  const sheet = new Image();
  sheet.onload = () => {
    if (state.source !== sprite) return; // a newer page has taken its place
    const columns = Math.floor(sheet.naturalWidth / TILE);
    grid.querySelectorAll("canvas").forEach((canvas, index) => {
      const left = (index % columns) * TILE;
      const top = Math.floor(index / columns) * TILE;
      canvas.getContext("2d").drawImage(sheet, left, top, TILE, TILE, 0, 0, TILE, TILE);
    });
    grid.dataset.painted = "true";
  };
  delete grid.dataset.painted;
  sheet.src = sprite;
}

function buildItem(item, index, data) {
  const option = element("div", "item");
  option.setAttribute("role", "option");
  option.setAttribute("aria-selected", "false");
  option.dataset.index = index;
  option.dataset.item = item.id;

  const tile = element("div", "tile");
  const canvas = element("canvas");
  canvas.width = canvas.height = TILE;
  tile.append(canvas, element("span", "badge"));
  option.append(tile);

  if (item.caption) {
    const caption = element("div", "caption");
    caption.append(element("b"), " ", item.class);
    option.append(caption);
  }
  nameItem(option, item, data);
  return option;
}

function nameItem(option, item, { split_name, words }) {
  option.title = `${item.class} · ${split_name} ${item.id}`;
  const distance = item.caption && phrase(words.distance, { distance: item.caption });
  option.setAttribute("aria-label", [distance, option.title].filter(Boolean).join(" ")); // as it is read
  if (item.caption) option.querySelector(".caption b").textContent = item.caption;
}

// Each slot's badge stands on the item last picked for it, or else where the data have it; another mark stays put.
function mark(grid, state) {
  const newest = Object.fromEntries(state.picks.map((pick) => [pick.slot, pick.id]));
  state.data.items.forEach((item, index) => {
    const badge = ["A", "B"]
      .filter((slot) => (slot in newest ? newest[slot] === item.id : item.badge.includes(slot)))
      .join("") || item.badge.replace(/[AB]/g, "");
    const option = grid.children[index];
    const shown = option.querySelector(".badge");
    if (shown.textContent === badge) return; // as nearly all of a wall are
    shown.textContent = badge;
    option.setAttribute("aria-selected", String(badge !== ""));
  });
}

function pick(state, option) {
  if (!option) return;
  const { data } = state;
  const slot = state.picks.length ? OTHER[state.picks.at(-1).slot] : data.slot;
  const id = data.items[Number(option.dataset.index)].id;
  state.picks.push({ slot, split: data.split, id, at: performance.now() });
  state.send(state.picks.map(({ slot, split, id }) => ({ slot, split, id })));
  mark(option.parentElement, state);
}

function onKey(grid, state, event) {
  if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    pick(state, event.target.closest(".item"));
    return;
  }
  const columns = getComputedStyle(grid).gridTemplateColumns.split(" ").length;
  const last = grid.children.length - 1;
  const target = {
    ArrowRight: state.current + 1,
    ArrowLeft: state.current - 1,
    ArrowDown: state.current + columns,
    ArrowUp: state.current - columns,
    Home: 0,
    End: last,
  }[event.key];
  if (target === undefined) return;
  event.preventDefault();
  if (target >= 0 && target <= last) grid.children[target].focus();
}

function moveTabStop(grid, state, index) {
  if (index < 0) return;
  state.current = index;
  [...grid.children].forEach((option, position) => {
    option.tabIndex = position === index ? 0 : -1;
  });
}

function indexOf(grid, target) {
  return [...grid.children].indexOf(target.closest(".item"));
}
