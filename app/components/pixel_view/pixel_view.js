// One image large, the others to choose from, and the number behind the pixel under the pointer.

const SIDE = 28;
const instances = new WeakMap();

export default function (component) {
  const { parentElement, data } = component;
  const root = parentElement.querySelector(".root");
  const state = instances.get(parentElement) ?? { image: 0, row: 14, column: 14 };
  instances.set(parentElement, state);
  state.data = data;
  state.pixels = data.images.map((image) => Uint8Array.from(atob(image), (letter) => letter.charCodeAt(0)));
  const large = root.querySelector(".large");

  const choices = root.querySelector(".choices");
  choices.setAttribute("aria-label", data.words.choices);
  choices.replaceChildren(
    ...data.names.map((name, at) => {
      const button = document.createElement("button");
      const canvas = document.createElement("canvas");
      canvas.width = canvas.height = SIDE;
      paint(canvas, state.pixels[at]);
      button.append(canvas);
      button.type = "button";
      button.title = name;
      button.setAttribute("aria-label", name);
      button.onclick = () => show(root, state, { image: at });
      return button;
    }),
  );
  large.onpointermove = (event) => {
    const box = large.getBoundingClientRect();
    const at = (offset, length) => Math.min(SIDE - 1, Math.max(0, Math.floor((offset / length) * SIDE)));
    show(root, state, { row: at(event.clientY - box.top, box.height), column: at(event.clientX - box.left, box.width) });
  };
  large.onpointerdown = large.onpointermove;
  large.onkeydown = (event) => {
    const [down, right] = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key] ?? [];
    if (down === undefined) return;
    event.preventDefault();
    const within = (value) => Math.min(SIDE - 1, Math.max(0, value));
    show(root, state, { row: within(state.row + down), column: within(state.column + right) });
  };
  show(root, state, {});
}

function show(root, state, change) {
  Object.assign(state, change);
  const { words, names, language } = state.data;
  const large = root.querySelector(".large");
  const pixels = state.pixels[state.image];
  const value = pixels[state.row * SIDE + state.column];
  paint(large, pixels);
  const context = large.getContext("2d");
  context.fillStyle = getComputedStyle(large).getPropertyValue("--st-primary-color").trim();
  context.fillRect(state.column, state.row, 1, 1);
  large.setAttribute("aria-label", phrase(words.image, { name: names[state.image] }));
  const places = { row: state.row + 1, column: state.column + 1, value, share: writeNumber(language, value / 255, 6) };
  root.querySelector(".reading").textContent = phrase(words.reading, places);
  root.querySelectorAll(".choices button").forEach((button, at) => {
    button.setAttribute("aria-pressed", String(at === state.image));
  });
}

function paint(canvas, pixels) {
  const context = canvas.getContext("2d");
  const picture = context.createImageData(SIDE, SIDE);
  pixels.forEach((grey, at) => picture.data.set([grey, grey, grey, 255], 4 * at));
  context.putImageData(picture, 0, 0);
}
