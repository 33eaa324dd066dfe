// Two outlines of distances, same and different, and what a threshold makes of them; every pair is counted here.

const BARS = 60;
const instances = new WeakMap();

export default function (component) {
  const { parentElement, data } = component;
  const root = parentElement.querySelector(".root");
  const slider = root.querySelector("input");
  const [same, different] = [data.same, data.different].map(readDistances);
  const limit = Math.max(same[same.length - 1], different[different.length - 1]);
  const start = `${data.threshold} ${data.same.length} ${limit}`;
  speak(root, data);
  slider.max = limit;
  slider.setAttribute("aria-label", data.words.threshold);
  if (instances.get(parentElement) !== start) slider.value = data.threshold;
  instances.set(parentElement, start);

  const counts = { same: histogram(same, limit), different: histogram(different, limit) };
  const highest = Math.max(...counts.same, ...counts.different) * 1.05;
  trace(root.querySelector("svg"), { same: outline(counts.same, highest), different: outline(counts.different, highest) });
  for (const name of ["own", "half"]) place(root.querySelector(`.tick.${name}`), data[name] / limit);
  const close = Math.abs(data.own - data.half) < 0.25 * limit;
  root.querySelector(".tick.own").classList.toggle("below", close);
  slider.oninput = () => show(root, data, { same, different, limit }, Number(slider.value));
  slider.oninput();
}

function show(root, { words, language }, { same, different, limit }, threshold) {
  const tooFar = same.length - countWithin(same, threshold);
  const tooNear = countWithin(different, threshold);
  const all = same.length + different.length;
  const count = (value) => writeNumber(language, value);
  place(root.querySelector(".needle"), threshold / limit);
  write(root, "threshold", writeNumber(language, threshold, 3));
  write(root, "accuracy", writeNumber(language, (all - tooFar - tooNear) / all, 6));
  write(root, "right", phrase(words.of, { right: count(all - tooFar - tooNear), all: count(all) }));
  write(root, "too_far", count(tooFar));
  write(root, "too_near", count(tooNear));
}

function readDistances(text) {
  return new Float32Array(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
}

// How many of the increasing distances are at most the threshold, both in the core's single precision.
function countWithin(distances, threshold) {
  const limit = Math.fround(threshold);
  let [low, high] = [0, distances.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (distances[middle] <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

function histogram(distances, limit) {
  const counts = new Array(BARS).fill(0);
  for (const distance of distances) counts[Math.min(BARS - 1, Math.floor((distance / limit) * BARS))] += 1;
  return counts;
}

function outline(counts, highest) {
  const tops = counts.flatMap((count, bar) => [bar, bar + 1].map((edge) => [edge / BARS, count / highest]));
  return line([[0, 0], ...tops, [1, 0]]);
}
