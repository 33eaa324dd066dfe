// The contrastive loss over the distance, for a same and for a different pair. All numbers are made here, while the
// sliders move; the core's own are in `contrastive.py`.

const RATE = 0.25; // a step of this size leads half of the way: to 0, or to the margin
const SAMPLES = 120;
const DECIMALS = 6;
const KINDS = {
  same: { loss: (distance) => distance ** 2, slope: (distance) => 2 * distance },
  different: {
    loss: (distance, margin) => Math.max(margin - distance, 0) ** 2,
    slope: (distance, margin) => 0 - 2 * Math.max(margin - distance, 0), // 0 - 0 is 0, where -0 would be written
  },
};
const instances = new WeakMap();

export default function (component) {
  const { parentElement, data } = component;
  const root = parentElement.querySelector(".root");
  const [distance, margin] = ["distance", "margin"].map((name) => root.querySelector(`input.${name}`));
  const start = `${data.distance} ${data.margin}`;
  speak(root, data);
  distance.max = data.widest_distance;
  margin.max = data.widest_margin;
  if (instances.get(parentElement) !== start) {
    instances.set(parentElement, start);
    distance.value = data.distance;
    margin.value = data.margin;
  }
  distance.setAttribute("aria-label", data.words.distance);
  distance.oninput = margin.oninput = () => show(root, data, Number(distance.value), Number(margin.value));
  distance.oninput();
}

function show(root, data, distance, margin) {
  const { words, language } = data;
  const highest = data.widest_margin ** 2;
  const across = (value) => value / data.widest_distance;
  const number = (value) => writeNumber(language, value, DECIMALS);
  const curves = {};
  for (const [kind, { loss, slope }] of Object.entries(KINDS)) {
    const points = Array.from({ length: SAMPLES + 1 }, (_, at) => (at / SAMPLES) * data.widest_distance);
    curves[kind] = line(points.map((at) => [across(at), loss(at, margin) / highest]));
    const value = loss(distance, margin);
    const after = distance - RATE * slope(distance, margin);
    const dot = root.querySelector(`.dot.${kind}`);
    place(dot, across(distance), Math.min(1, value / highest));
    drawArrow(root.querySelector(`.lane.${kind}`), across(distance), across(after));
    write(root, `${kind}_loss`, number(value));
    write(root, `${kind}_slope`, number(slope(distance, margin)));
    write(root, `${kind}_after`, number(after));
  }
  trace(root.querySelector("svg"), curves);
  place(root.querySelector(".needle"), across(distance));
  place(root.querySelector(".tick"), across(margin));
  write(root, "margin_name", words.margin);
  write(root, "distance", number(distance));
  write(root, "margin", writeNumber(language, margin, 2));
}

function drawArrow(lane, from, to) {
  const arrow = lane.querySelector(".arrow");
  place(lane.querySelector(".start"), from);
  arrow.classList.toggle("left", to < from);
  arrow.classList.toggle("none", to === from);
  arrow.style.left = `${100 * Math.min(from, to)}%`;
  arrow.style.width = `${100 * Math.abs(to - from)}%`;
}
