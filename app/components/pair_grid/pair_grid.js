// Cards of two items each: the pictures, the distance, the verdict and the truth. A click or Enter opens the pair; J and
// K go on to the next card and back, from wherever no text is being typed, and over the ends to the next page.

const TILE = 28;
const instances = new WeakMap();

export default function (component) {
  const { parentElement, data, setTriggerValue } = component;
  const grid = parentElement.querySelector(".grid");
  const state = instances.get(parentElement) ?? { sprite: null, arrive: null };
  if (!instances.has(parentElement)) {
    instances.set(parentElement, state);
    state.onKey = (event) => onKey(grid, state, event);
    document.addEventListener("keydown", state.onKey);
  }
  state.turns = data.turns;
  state.turn = (step) => setTriggerValue("turn", step);

  speak(parentElement, data);
  grid.setAttribute("aria-label", data.label);
  grid.replaceChildren(...data.pairs.map((pair) => buildCard(pair, data.words, setTriggerValue)));
  if (state.arrive && state.sprite !== data.sprite) {
    (state.arrive > 0 ? grid.firstElementChild : grid.lastElementChild)?.focus();
    state.arrive = null;
  }
  state.sprite = data.sprite;

  const sheet = new Image();
  sheet.onload = () => {
    if (state.sprite !== data.sprite) return; // a newer page has taken its place
    const columns = Math.floor(sheet.naturalWidth / TILE);
    grid.querySelectorAll("canvas").forEach((canvas, index) => {
      const left = (index % columns) * TILE;
      const top = Math.floor(index / columns) * TILE;
      canvas.getContext("2d").drawImage(sheet, left, top, TILE, TILE, 0, 0, TILE, TILE);
    });
  };
  sheet.src = data.sprite;
  return () => {
    document.removeEventListener("keydown", state.onKey);
    instances.delete(parentElement);
  };
}

function onKey(grid, state, event) {
  const step = { j: 1, k: -1 }[event.key];
  const origin = event.composedPath()[0];
  const typing = origin.closest?.("input, textarea, select, [contenteditable=true], [role=listbox]");
  if (!step || event.ctrlKey || event.metaKey || event.altKey || typing) return;
  const cards = [...grid.children];
  const at = cards.indexOf(grid.getRootNode().activeElement?.closest(".pair"));
  const next = at < 0 ? cards[0] : cards[at + step];
  if (next) next.focus();
  else if (state.turns.includes(step)) {
    state.arrive = step;
    state.turn(step);
  }
}

function buildCard(pair, words, setTriggerValue) {
  const card = element("button", pair.right_verdict ? "pair right" : "pair");
  card.type = "button";
  card.title = phrase(words.both, { left: pair.left_name, right: pair.right_name });
  card.onclick = () => setTriggerValue("open", { left: pair.left, right: pair.right });

  const pictures = element("div", "pictures");
  for (let side = 0; side < 2; side += 1) {
    const canvas = element("canvas");
    canvas.width = canvas.height = TILE;
    pictures.append(canvas);
  }

  const kind = (word) => (word === "same" ? words.same : words.different);
  const row = element("div", "row");
  row.append(element("span", "distance", pair.distance), element("span", "mark", pair.right_verdict ? `✓ ${words.right}` : `✗ ${words.wrong}`));
  card.append(
    pictures,
    row,
    facts([
      [words.truth, kind(pair.truth)],
      [words.verdict, kind(pair.verdict)],
      [words.items, pair.classes],
    ]),
  );
  return card;
}

function facts(entries) {
  const list = element("dl", "facts");
  for (const [term, value] of entries) list.append(element("dt", "", term), element("dd", "", value));
  return list;
}
