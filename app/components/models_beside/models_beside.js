// One small plot a figure with a line for each model, what the pointer is on in numbers, and the table below.

const DECIMALS = 4;
const ROOM = 0.06; // of the plot's height, above the highest and below the lowest value

export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".root");
  const colors = getComputedStyle(root)
    .getPropertyValue("--st-chart-categorical-colors")
    .split(/,(?![^(]*\))/);
  const color = (at) => colors[at % colors.length].trim();
  fill(root.querySelector(".legend"), data.names.map((name, at) => {
    const entry = element("li", "", name);
    entry.style.borderColor = color(at);
    return entry;
  }));
  fill(root.querySelector(".curves"), data.curves.map((curve) => plot(curve, data, color)));
  fill(root.querySelector("thead tr"), ["", ...data.names].map((name) => element("th", "", name)));
  fill(root.querySelector("tbody"), data.rows.map(([label, ...values]) => {
    const row = element("tr");
    const heading = element("th", "", label);
    heading.scope = "row";
    fill(row, [heading, ...values.map((value) => element("td", "", value))]);
    return row;
  }));
}

function plot({ label, values }, { names, words, language }, color) {
  const number = (value) => writeNumber(language, value, DECIMALS);
  const last = Math.max(1, ...values.map((one) => one.length - 1));
  const [lowest, highest] = [Math.min(...values.flat()), Math.max(...values.flat())];
  const height = (value) => ROOM + ((1 - 2 * ROOM) * (value - lowest)) / (highest - lowest || 1);

  const figure = element("figure");
  const box = element("div", "plot");
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 1 1");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", phrase(words.curves, { figure: label }));
  const points = (one) => one.map((value, epoch) => [epoch / last, height(value)]);
  // One epoch alone is no line yet: it gets a short one.
  const paths = values.map((one) => line(one.length > 1 ? points(one) : [0, 0.02].map((x) => [x, height(one[0])])));
  trace(svg, Object.fromEntries(paths.map((path, at) => [`model-${at}`, path])));
  svg.querySelectorAll("path").forEach((path, at) => (path.style.stroke = color(at)));
  const needle = element("i", "needle");
  needle.hidden = true;
  fill(box, [svg, element("span", "highest", number(highest)), element("span", "lowest", number(lowest)), needle]);

  const axis = element("p", "axis", words.axis);
  box.onpointermove = (event) => {
    const { left, width } = box.getBoundingClientRect();
    const epoch = Math.min(last, Math.max(0, Math.round((last * (event.clientX - left)) / width)));
    needle.hidden = false;
    place(needle, epoch / last);
    const there = names.flatMap((name, at) => (epoch in values[at] ? [`${name} ${number(values[at][epoch])}`] : []));
    axis.textContent = [`${words.epoch} ${epoch + 1}`, ...there].join(" · ");
  };
  box.onpointerleave = () => {
    needle.hidden = true;
    axis.textContent = words.axis;
  };
  fill(figure, [element("figcaption", "", label), box, axis]);
  return figure;
}

function fill(node, children) {
  node.replaceChildren(...children);
}
