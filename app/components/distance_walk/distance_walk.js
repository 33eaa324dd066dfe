// A bar a dimension in four rows; the slider adds up the squares from the first dimension to the one it stands on.

const SIDE = 28;
const DECIMALS = 6;
const ROWS = ["a", "b", "gap", "square"];
const instances = new WeakMap();

export default function (component) {
  const { parentElement, data } = component;
  const root = parentElement.querySelector(".root");
  const slider = root.querySelector("input");
  const count = data.square.length;
  const pair = data.images.join() + data.distance;
  const state = instances.get(parentElement) ?? {};
  instances.set(parentElement, state);
  slider.max = count;
  if (state.pair !== pair) slider.value = count;
  state.pair = pair;

  ["a", "b"].forEach((name, at) => {
    const canvas = root.querySelector(`.image.${name}`);
    canvas.setAttribute("aria-label", phrase(data.words.image, { name: name.toUpperCase() }));
    paint(canvas, data.images[at]);
  });
  const reach = Math.max(1e-9, ...["a", "b", "gap"].flatMap((row) => data[row].map(Math.abs)));
  for (const row of ROWS) {
    const top = row === "square" ? Math.max(1e-9, ...data.square) : reach;
    trace(root.querySelector(`[data-row="${row}"] svg`), { [`bars ${row}`]: bars(data[row], top) });
  }
  slider.setAttribute("aria-label", data.words.slider);
  slider.oninput = () => show(root, data, Number(slider.value));
  slider.oninput();
}

// Bars from the middle of the row, or from its floor where no value is below zero.
function bars(values, top) {
  const step = 1 / values.length;
  const signed = values.some((value) => value < 0);
  const floor = signed ? 0.5 : 1;
  return values
    .map((value, at) => {
      const height = -(value / top) * floor;
      return `M${(at + 0.1) * step} ${floor}h${0.8 * step}v${height}h${-0.8 * step}Z`;
    })
    .join("");
}

function show(root, data, dimension) {
  const { words, language } = data;
  const count = data.square.length;
  const at = dimension - 1;
  let sum = 0;
  for (let place = 0; place <= at; place += 1) sum += data.square[place];
  const number = (value) => writeNumber(language, value, DECIMALS);
  place(root.querySelector(".needle"), (at + 0.5) / count);
  for (const row of ROWS) write(root, row, number(data[row][at]));
  write(root, "dimension", phrase(words.dimension, { dimension, count }));
  write(root, "sum_name", phrase(words.sum, { dimension }));
  write(root, "sum", number(sum));
  write(root, "root_name", dimension === count ? words.distance : words.root);
  write(root, "root", number(dimension === count ? data.distance : Math.sqrt(sum)));
}

function paint(canvas, image) {
  const context = canvas.getContext("2d");
  const picture = context.createImageData(SIDE, SIDE);
  [...atob(image)].forEach((letter, at) => {
    const grey = letter.charCodeAt(0);
    picture.data.set([grey, grey, grey, 255], 4 * at);
  });
  context.putImageData(picture, 0, 0);
}
