// What a distance is made of: a bar a dimension, and on each image what moves the distance when it is hidden.

const SIDE = 28;
const WIDTH = 480;
const ROWS = { values: [14, 96], squares: [118, 196] };

export default function (component) {
  const { parentElement, data } = component;
  const find = (selector) => parentElement.querySelector(selector);
  const { words } = data;
  const write = (value, decimals) => writeNumber(data.language, value, decimals);
  speak(parentElement, data);
  const highest = Math.max(1e-9, ...data.heats.flat().map(Math.abs));
  const colours = readColours(parentElement);

  ["a", "b"].forEach((letter, index) => {
    const canvas = find(`.${letter} canvas`);
    paint(canvas, data.images[index], data.heats[index], highest, colours);
    const name = letter.toUpperCase();
    canvas.setAttribute("aria-label", phrase(words.heat, { slot: name }));
    find(`.${letter} figcaption`).textContent = phrase(words.matters, { slot: name });
  });
  find(".low").textContent = `−${write(highest, 3)}`;
  find(".high").textContent = `+${write(highest, 3)}`;

  drawDimensions(find(".dimensions"), data, write);
  const sum = data.squares.reduce((total, square) => total + square, 0);
  find(".sum").textContent = `Σ (a − b)² = ${write(sum, 6)} = ${write(data.distance, 4)}²`;
}

// The image in grey, and over it the change: one colour where hiding moves apart, another where it brings closer.
function paint(canvas, image, heat, highest, { closer, farther }) {
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(SIDE, SIDE);
  const grey = Uint8Array.from(atob(image), (letter) => letter.charCodeAt(0));
  heat.forEach((value, at) => {
    const colour = value > 0 ? farther : closer;
    const strength = 0.85 * Math.abs(value / highest) ** 0.7;
    for (let channel = 0; channel < 3; channel += 1) {
      pixels.data[4 * at + channel] = (1 - strength) * 0.75 * grey[at] + strength * colour[channel];
    }
    pixels.data[4 * at + 3] = 255;
  });
  context.putImageData(pixels, 0, 0);
}

function drawDimensions(svg, { embeddings, squares, words }, write) {
  const [a, b] = embeddings;
  const step = WIDTH / squares.length;
  const reach = Math.max(1e-9, ...a.map(Math.abs), ...b.map(Math.abs));
  const most = Math.max(1e-9, ...squares);
  const [top, bottom] = ROWS.values;
  const [up, floor] = ROWS.squares;
  const middle = (top + bottom) / 2;
  const y = (value) => middle - (value / reach) * ((bottom - top) / 2);
  const dots = (values, name) =>
    values.map((value, at) => `<circle class="${name}" cx="${(at + 0.5) * step}" cy="${y(value)}" r="2.2"/>`).join("");
  const columns = squares.map((square, at) => {
    const x = at * step;
    const height = (square / most) * (floor - up);
    const values = { a: write(a[at], 3), b: write(b[at], 3), square: write(square, 4) };
    const said = phrase(words.dimension, { number: at + 1, ...values });
    return `<g class="dimension"><title>${said}</title>
      <rect class="hit" x="${x}" y="0" width="${step}" height="${floor}"/>
      <line class="gap" x1="${x + step / 2}" x2="${x + step / 2}" y1="${y(a[at])}" y2="${y(b[at])}"/>
      <rect class="square" x="${x + step * 0.12}" y="${floor - height}" width="${step * 0.76}" height="${height}"/></g>`;
  });
  const dimensions = phrase(words.dimensions, { count: squares.length });
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${floor + 2}`);
  svg.setAttribute("aria-label", phrase(words.embeddings, { count: squares.length }));
  svg.innerHTML = `
    <text x="0" y="9">a <tspan class="a-name">●</tspan> ${words.and} b <tspan class="b-name">●</tspan>, ${dimensions}</text>
    <text x="0" y="${up - 6}">(a − b)²</text>
    <line class="axis" x1="0" x2="${WIDTH}" y1="${middle}" y2="${middle}"/>
    <line class="axis" x1="0" x2="${WIDTH}" y1="${floor}" y2="${floor}"/>
    ${columns.join("")}${dots(a, "of-a")}${dots(b, "of-b")}`;
}

function readColours(parentElement) {
  const style = getComputedStyle(parentElement.querySelector(".key"));
  const numbers = (name) => {
    const probe = document.createElement("canvas").getContext("2d");
    probe.fillStyle = style.getPropertyValue(name).trim() || "gray";
    probe.fillRect(0, 0, 1, 1);
    return [...probe.getImageData(0, 0, 1, 1).data];
  };
  return { closer: numbers("--st-orange-color"), farther: numbers("--st-green-color") };
}
