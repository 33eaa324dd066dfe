// Two hills over one axis. Each epoch has as many steps as the last, so CSS can move one shape into the next.

const WIDTH = 600;
const HEIGHT = 190;

export default function (component) {
  const { parentElement, data } = component;
  speak(parentElement, data);
  const picture = parentElement.querySelector("svg");
  picture.setAttribute("aria-label", data.description);
  const highest = Math.max(...data.same, ...data.different, 1);
  for (const kind of ["same", "different"]) {
    const outline = draw(data[kind], highest, data.reach);
    const hill = picture.querySelector(`.hill.${kind}`);
    hill.setAttribute("d", outline);
    hill.style.d = `path("${outline}")`; // as a style it moves; a browser that cannot do so has the attribute
  }
  picture.querySelector(".threshold").style.transform = `translateX(${data.threshold * WIDTH}px)`;
  parentElement.querySelector(".limit").textContent = data.limit;
}

function draw(counts, highest, reach) {
  const step = (WIDTH * reach) / counts.length;
  const points = counts.map((count, at) => {
    const y = HEIGHT - (HEIGHT - 6) * (count / highest);
    return `L${((at + 0.5) * step).toFixed(1)} ${y.toFixed(1)}`;
  });
  return `M0 ${HEIGHT}${points.join("")}L${(WIDTH * reach).toFixed(1)} ${HEIGHT}Z`;
}
