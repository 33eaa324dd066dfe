// Cards of an anchor and one partner. A click on a card exchanges its same partner for its different one and back.

const TILE = 28;
const instances = new WeakMap();

export default function (component) {
  const { parentElement, data } = component;
  const root = parentElement.querySelector(".root");
  const state = instances.get(parentElement) ?? { same: data.trios.map((_, at) => at % 2 === 0), sheet: null };
  instances.set(parentElement, state);
  state.data = data;
  speak(root, data);
  root.querySelector(".all").setAttribute("aria-label", data.words.kind);
  for (const same of [true, false]) {
    root.querySelector(`.all .${same ? "same" : "different"}`).onclick = () => {
      state.same.fill(same);
      show(root, state);
    };
  }
  root.querySelector(".cards").replaceChildren(...data.trios.map((_, at) => buildCard(root, state, at)));
  show(root, state);
  const sheet = new Image();
  sheet.onload = () => {
    if (state.data !== data) return; // a newer seed has taken its place
    state.sheet = sheet;
    show(root, state);
  };
  sheet.src = data.sprite;
}

function buildCard(root, state, at) {
  const card = document.createElement("button");
  card.type = "button";
  card.innerHTML = `<span class="pictures"><canvas width="${TILE}" height="${TILE}"></canvas>
    <canvas width="${TILE}" height="${TILE}"></canvas></span><b class="kind"></b><span class="classes"></span>
    <span class="distance"></span>`;
  card.onclick = () => {
    state.same[at] = !state.same[at];
    show(root, state);
  };
  return card;
}

function show(root, state) {
  const { trios, words, language } = state.data;
  root.querySelectorAll(".cards button").forEach((card, at) => {
    const trio = trios[at];
    const same = state.same[at];
    card.className = same ? "same" : "different";
    card.querySelector(".kind").textContent = same ? words.same : words.different;
    card.querySelector(".classes").textContent = same ? trio.anchor : `${trio.anchor} · ${trio.other}`;
    const distance = writeNumber(language, same ? trio.same : trio.different, 6);
    card.querySelector(".distance").textContent = `d = ${distance}`;
    const [anchor, partner] = card.querySelectorAll("canvas");
    drawTile(anchor, state.sheet, 3 * at);
    drawTile(partner, state.sheet, 3 * at + (same ? 1 : 2));
  });
}

function drawTile(canvas, sheet, tile) {
  if (!sheet) return;
  const columns = Math.floor(sheet.naturalWidth / TILE);
  const left = (tile % columns) * TILE;
  const top = Math.floor(tile / columns) * TILE;
  canvas.getContext("2d").drawImage(sheet, left, top, TILE, TILE, 0, 0, TILE, TILE);
}
