// Items on the plane after every step of their descent. Each is drawn as its own outline, in the colour of the text, with
// a line to where its next step leads; a bar shows how long the margin is.

const TILE = 28;
const SHOWN = 34; // px, an item's side on the plane
const REACH = 1.15; // the plane shows from -REACH to REACH
const FRAME_MILLISECONDS = 90;
const DECIMALS = 6;
const instances = new WeakMap();

export default function (component) {
  const { parentElement, data } = component;
  const root = parentElement.querySelector(".root");
  const find = (selector) => root.querySelector(selector);
  const state = instances.get(parentElement) ?? { root, at: 0, timer: null };
  instances.set(parentElement, state);
  const steps = data.loss.length - 1;
  speak(root, data);
  if (state.data?.name !== data.name) {
    pause(state);
    state.at = 0;
  }
  state.data = data;
  state.tiles = drawTiles(root, data.images);
  find(".buttons").setAttribute("aria-label", data.words.buttons);
  find("input").max = steps;
  find("input").setAttribute("aria-label", data.words.at);

  const stay = (at) => {
    pause(state);
    go(state, Math.min(steps, at));
  };
  find(".play").onclick = () => (state.timer ? stay(state.at) : play(state, steps));
  find(".step").onclick = () => stay(state.at + 1);
  find(".reset").onclick = () => stay(0);
  find("input").oninput = ({ target }) => stay(Number(target.value));
  state.observer?.disconnect();
  state.observer = new ResizeObserver(() => go(state, state.at));
  state.observer.observe(find("canvas"));
  return () => {
    clearInterval(state.timer);
    state.observer.disconnect();
    instances.delete(parentElement);
  };
}

function play(state, steps) {
  if (state.at === steps) state.at = 0;
  state.timer = setInterval(() => {
    go(state, state.at + 1);
    if (state.at >= steps) pause(state);
  }, FRAME_MILLISECONDS);
  go(state, state.at);
}

function pause(state) {
  clearInterval(state.timer);
  state.timer = null;
  if (state.data) go(state, state.at);
}

function go(state, at) {
  const { root, data } = state;
  const { words, language } = data;
  state.at = at;
  const number = (value) => writeNumber(language, value, DECIMALS);
  root.querySelector("input").value = at;
  root.querySelector(".play").textContent = state.timer ? words.pause : words.play;
  write(root, "at", `${at} / ${data.loss.length - 1}`);
  for (const name of ["loss", "same", "different"]) write(root, name, number(data[name][at]));
  write(root, "right_name", phrase(words.right, { threshold: writeNumber(language, data.threshold, 1) }));
  write(root, "right", number(data.accuracy[at]));
  drawPlane(state);
}

function drawPlane({ root, data, tiles, at }) {
  const canvas = root.querySelector("canvas");
  const side = canvas.clientWidth;
  const scale = window.devicePixelRatio || 1;
  canvas.width = canvas.height = side * scale;
  canvas.setAttribute("aria-label", phrase(data.words.plane, { count: tiles.length, at }));
  const context = canvas.getContext("2d");
  context.scale(scale, scale);
  const pixels = (value) => (value / (2 * REACH)) * side;
  const spot = ([x, y]) => [side / 2 + pixels(x), side / 2 - pixels(y)];
  const style = getComputedStyle(canvas);
  context.strokeStyle = context.fillStyle = style.getPropertyValue("--st-primary-color");
  context.lineWidth = 1.5;
  data.points[at].forEach((point, item) => {
    const [x, y] = spot(point);
    context.drawImage(tiles[item], x - SHOWN / 2, y - SHOWN / 2, SHOWN, SHOWN);
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(...spot(data.points[at + 1]?.[item] ?? point));
    context.stroke();
  });
  context.fillRect(14, side - 18, pixels(data.margin), 3);
  context.fillStyle = style.color;
  context.font = `12px ${style.fontFamily}`;
  context.fillText(`${data.words.margin} ${writeNumber(data.language, data.margin, 1)}`, 14, side - 26);
}

// Every image as an outline: the text's colour, as opaque as the pixel is bright.
function drawTiles(root, images) {
  const probe = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  probe.fillStyle = getComputedStyle(root).color;
  probe.fillRect(0, 0, 1, 1);
  const [red, green, blue] = probe.getImageData(0, 0, 1, 1).data;
  return images.map((image) => {
    const tile = document.createElement("canvas");
    tile.width = tile.height = TILE;
    const context = tile.getContext("2d");
    const picture = context.createImageData(TILE, TILE);
    [...atob(image)].forEach((letter, at) => picture.data.set([red, green, blue, letter.charCodeAt(0)], 4 * at));
    context.putImageData(picture, 0, 0);
    return tile;
  });
}
