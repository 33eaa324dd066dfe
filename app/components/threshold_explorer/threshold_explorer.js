// The distances of same and of different pairs, and a threshold to drag on them. All figures are made here, of the
// counts that came once: the server hears of a new threshold only when the drag has ended.

const SVG = "http://www.w3.org/2000/svg";
const BARS = 110;
const SEND_AFTER = 250; // ms without another key
const UNANSWERED = 2000; // ms after which a threshold that the data do not show is given up
const HEIGHT = 250;
const INSET = { left: 10, right: 10, top: 34, bottom: 40 };
const LOWEST = 1e-4; // where the logarithmic axes begin
const instances = new WeakMap();

export default function (component) {
  const { parentElement, data, setTriggerValue } = component;
  let state = instances.get(parentElement);
  if (!state) {
    state = { root: parentElement.querySelector(".root"), dragging: false, sent: null, sentAt: 0, at: 0, width: 0 };
    instances.set(parentElement, state);
    listen(state);
  }
  state.data = data;
  name(state);
  state.model = sumUp(data);
  state.send = () => {
    clearTimeout(state.timer);
    const threshold = data.thresholds[state.at];
    if (threshold === (state.sent ?? state.data.threshold)) return;
    [state.sent, state.sentAt] = [threshold, performance.now()];
    setTriggerValue("threshold", threshold);
  };
  state.pick = (one, other) => setTriggerValue("cell", [one, other]);

  const answered = state.sent === data.threshold || performance.now() - state.sentAt > UNANSWERED;
  if (answered) state.sent = null;
  if (!state.dragging) state.at = nearest(data.thresholds, state.sent ?? data.threshold);
  draw(state);
  return () => {
    clearTimeout(state.timer);
    state.observer?.disconnect();
    instances.delete(parentElement);
  };
}

function name(state) {
  const { words } = state.data;
  speak(state.root, state.data);
  find(state, ".handle").setAttribute("aria-label", words.threshold);
  find(state, ".figures").setAttribute("aria-label", words.figures);
  find(state, ".cells").setAttribute("aria-label", words.cells);
}

// --- figures ---------------------------------------------------------------------------------------------------------

function sumUp(data) {
  const length = data.thresholds.length;
  const same = new Float64Array(length);
  const different = new Float64Array(length);
  const cells = [];
  let place = 0;
  for (let one = 0; one < data.classes.length; one += 1) {
    for (let other = 0; other <= one; other += 1) {
      const counts = data.counts[place++];
      const within = new Float64Array(length);
      let sum = 0;
      for (let at = 0; at < length; at += 1) within[at] = sum += counts[at];
      const total = one === other ? same : different;
      for (let at = 0; at < length; at += 1) total[at] += within[at];
      cells.push({ one, other, within, all: sum });
    }
  }
  const far = different.map((count) => count / different[length - 1]);
  const frr = same.map((count) => 1 - count / same[length - 1]);
  return { same, different, cells, far, frr };
}

function figuresAt(state) {
  const { model, data, at } = state;
  const [ofAccept, ofReject] = data.costs;
  const end = model.same.length - 1;
  return {
    far: model.far[at],
    frr: model.frr[at],
    accuracy: 1 - (model.far[at] + model.frr[at]) / 2,
    cost: 50 * (ofAccept * model.far[at] + ofReject * model.frr[at]),
    trueAccepts: model.same[at],
    falseRejects: model.same[end] - model.same[at],
    falseAccepts: model.different[at],
    trueRejects: model.different[end] - model.different[at],
  };
}

function cheapest({ model, data }) {
  let best = 0;
  const cost = (at) => data.costs[0] * model.far[at] + data.costs[1] * model.frr[at];
  for (let at = 1; at < model.far.length; at += 1) if (cost(at) < cost(best)) best = at;
  return best;
}

// The share of same pairs that the second model rejects when it accepts as many different ones, by straight line.
function frrAtFar(curve, far) {
  const at = curve.far.findIndex((value) => value >= far);
  if (at <= 0) return curve.frr[Math.max(at, 0)];
  const share = (far - curve.far[at - 1]) / (curve.far[at] - curve.far[at - 1] || 1);
  return curve.frr[at - 1] + share * (curve.frr[at] - curve.frr[at - 1]);
}

// --- drawing ---------------------------------------------------------------------------------------------------------

function draw(state) {
  state.width = find(state, ".plot").clientWidth;
  if (!state.width) return; // not laid out yet: the observer calls again
  drawHistogram(state);
  drawCurve(state, "roc");
  drawCurve(state, "det");
  buildFigures(state);
  buildCells(state);
  follow(state);
}

const end = (state) => state.data.thresholds[state.data.thresholds.length - 1];
const toX = (state, distance) => INSET.left + (distance / end(state)) * (state.width - INSET.left - INSET.right);

function drawHistogram(state) {
  const { model, data, width } = state;
  const svg = find(state, ".histogram");
  const floor = HEIGHT - INSET.bottom;
  const bars = { same: density(data.thresholds, model.same), different: density(data.thresholds, model.different) };
  const highest = Math.max(...bars.same, ...bars.different);
  const outline = (values) => {
    const step = (width - INSET.left - INSET.right) / BARS;
    const y = (value) => (floor - (value / highest) * (floor - INSET.top)).toFixed(1);
    const tops = values.map((value, bar) => `L${(INSET.left + bar * step).toFixed(1)} ${y(value)}h${step.toFixed(2)}`);
    return `M${INSET.left} ${floor}${tops.join("")}V${floor}Z`;
  };
  svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
  svg.innerHTML = `
    <defs>
      <pattern id="stripes" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <rect width="3" height="6"/></pattern>
      <clipPath id="accepted"><rect class="accepted" x="0" y="0" height="${HEIGHT}"/></clipPath>
      <clipPath id="rejected"><rect class="rejected" y="0" width="${width}" height="${HEIGHT}"/></clipPath>
    </defs>
    <path class="different" d="${outline(bars.different)}"/>
    <path class="same" d="${outline(bars.same)}"/>
    <path class="different wrong" clip-path="url(#accepted)" d="${outline(bars.different)}"/>
    <path class="same wrong" clip-path="url(#rejected)" d="${outline(bars.same)}"/>
    <line class="axis" x1="${INSET.left}" x2="${width - INSET.right}" y1="${floor}" y2="${floor}"/>`;

  for (const value of ticks(end(state))) write(svg, writeNumber(data.language, value, 1), toX(state, value), floor + 16, "tick");
  write(svg, data.words.distance, width - INSET.right, floor + 34, "tick last");
  peakLabel(state, svg, bars.same, data.words.same_pairs, "name same-name");
  peakLabel(state, svg, bars.different, data.words.different_pairs, "name different-name");

  const [low, high] = data.interval ?? [data.own, data.own];
  const y = floor + 24;
  svg.insertAdjacentHTML(
    "beforeend",
    `<g class="own"><line x1="${toX(state, low)}" x2="${toX(state, high)}" y1="${y}" y2="${y}"/>
      <circle cx="${toX(state, data.own)}" cy="${y}" r="3.5"/></g>
     <path class="cheapest" d="M${toX(state, data.thresholds[cheapest(state)])} ${floor + 2}l5 8h-10z"><title>${data.words.lowest_cost}</title></path>`,
  );
  const [from, to] = [low, high].map((value) => writeNumber(data.language, value, 2));
  const said = data.interval ? `${data.words.validation} ${from}–${to}` : data.words.validation;
  write(svg, said, toX(state, low) - 8, floor + 34 - 6, "tick before");
}

function peakLabel(state, svg, bars, words, className) {
  const peak = bars.indexOf(Math.max(...bars));
  const x = Math.min(Math.max(toX(state, (end(state) * (peak + 0.5)) / BARS), 46), state.width - 52);
  write(svg, words, x, INSET.top - 6, className);
}

// Equal bars over the whole scale, out of counts at unequal steps.
function density(thresholds, within) {
  const last = thresholds[thresholds.length - 1];
  const all = within[within.length - 1];
  let at = 0;
  const upTo = (distance) => {
    while (at < thresholds.length - 2 && thresholds[at + 1] < distance) at += 1;
    const share = Math.min(1, (distance - thresholds[at]) / (thresholds[at + 1] - thresholds[at]));
    return within[at] + share * (within[at + 1] - within[at]);
  };
  const sums = Array.from({ length: BARS + 1 }, (_, bar) => upTo((last * bar) / BARS));
  return sums.slice(1).map((sum, bar) => (sum - sums[bar]) / all);
}

const CURVES = {
  roc: {
    xs: "far",
    ys: (curve) => curve.frr.map((value) => 1 - value),
    share: (value) => value,
    inside: () => true,
    marks: [0, 0.5, 1],
  },
  det: {
    xs: "far",
    ys: (curve) => curve.frr,
    share: (value) => 1 + Math.log10(Math.max(value, LOWEST)) / -Math.log10(LOWEST),
    inside: (far, frr) => Math.min(far, frr) >= LOWEST,
    marks: [0.0001, 0.001, 0.01, 0.1, 1],
  },
};
const SIDE = 240;
const EDGE = { left: 44, bottom: 36, right: 10, top: 8 };

function drawCurve(state, name) {
  const { xs, ys, share, inside, marks } = CURVES[name];
  const svg = find(state, `.${name}`);
  const { words } = state.data;
  const x = (value) => EDGE.left + share(value) * (SIDE - EDGE.left - EDGE.right);
  const y = (value) => SIDE - EDGE.bottom - share(value) * (SIDE - EDGE.bottom - EDGE.top);
  const path = (curve) => {
    const upward = ys(curve);
    const places = Array.from(curve[xs], (_, at) => at).filter((at) => inside(curve[xs][at], upward[at]));
    return `M${places.map((at) => `${x(curve[xs][at]).toFixed(1)} ${y(upward[at]).toFixed(1)}`).join("L")}`;
  };
  state[name] = { x, y };
  svg.setAttribute("viewBox", `0 0 ${SIDE} ${SIDE}`);
  svg.innerHTML = `<rect class="frame" x="${EDGE.left}" y="${EDGE.top}" width="${SIDE - EDGE.left - EDGE.right}"
      height="${SIDE - EDGE.bottom - EDGE.top}"/>`;
  for (const mark of marks) {
    const label = (100 * mark).toLocaleString(state.data.language);
    write(svg, label, x(mark), SIDE - EDGE.bottom + 14, "tick");
    if (mark !== marks[0]) write(svg, label, EDGE.left - 6, y(mark) + 4, "tick last"); // once in the corner
    svg.insertAdjacentHTML(
      "beforeend",
      `<path class="grid" d="M${x(mark)} ${EDGE.top}V${SIDE - EDGE.bottom}M${EDGE.left} ${y(mark)}H${SIDE - EDGE.right}"/>`,
    );
  }
  write(svg, words.far_axis, (SIDE + EDGE.left) / 2, SIDE - 6, "tick");
  const side = write(svg, name === "roc" ? words.accepted_axis : words.frr_axis, 12, SIDE / 2 - 16, "tick");
  side.setAttribute("transform", `rotate(-90 12 ${SIDE / 2 - 16})`);
  const beside = state.data.beside;
  if (beside) svg.insertAdjacentHTML("beforeend", `<path class="curve beside" d="${path(beside)}"/>`);
  svg.insertAdjacentHTML("beforeend", `<path class="curve" d="${path(state.model)}"/><circle class="point" r="5"/>`);
}

function buildFigures(state) {
  const { data } = state;
  const { beside, words } = data;
  find(state, ".figures").innerHTML = `
    <p class="accuracy"><b data-figure="accuracy"></b> <span>${words.right}</span></p>
    <table>
      <thead><tr><td></td><th scope="col">${words.same_pairs}</th><th scope="col">${words.different_pairs}</th></tr></thead>
      <tbody>
        <tr><th scope="row">${words.accepted}</th><td data-figure="trueAccepts"></td><td class="wrong" data-figure="falseAccepts"></td></tr>
        <tr><th scope="row">${words.rejected}</th><td class="wrong" data-figure="falseRejects"></td><td data-figure="trueRejects"></td></tr>
        <tr><th scope="row">${words.wrong}</th><td><abbr title="${words.frr_title}">FRR</abbr> <b data-figure="frr"></b></td>
          <td><abbr title="${words.far_title}">FAR</abbr> <b data-figure="far"></b></td></tr>
      </tbody>
    </table>
    <p>${words.cost} <b data-figure="cost"></b></p>
    <p class="versus" ${beside ? "" : "hidden"}>${words.versus} <span class="line"></span><b class="their"></b>
      <b data-figure="theirs"></b></p>`;
  if (beside) find(state, ".their").textContent = beside.name;
  state.figures = new Map(
    [...find(state, ".figures").querySelectorAll("[data-figure]")].map((node) => [node.dataset.figure, node]),
  );
}

function buildCells(state) {
  const { data, model } = state;
  const box = find(state, ".cells");
  const focused = box.querySelector("button:focus");
  const back = focused && [focused.dataset.one, focused.dataset.other];
  const count = data.classes.length;
  box.style.setProperty("--classes", count);
  box.replaceChildren();
  const note = element("p", "note", data.words.note);
  note.style.gridColumn = `${Math.ceil(count / 2) + 2} / -1`;
  box.append(note);
  state.cells = model.cells.map((cell) => {
    if (cell.other === 0) {
      const label = element("span", "row", data.classes[cell.one]);
      label.style.gridRow = cell.one + 1;
      box.append(label);
    }
    const button = element("button");
    button.type = "button";
    button.tabIndex = cell.one + cell.other ? -1 : 0;
    Object.assign(button.dataset, { one: cell.one, other: cell.other });
    button.style.gridArea = `${cell.one + 1} / ${cell.other + 2}`;
    const [one, other] = data.cell ?? [];
    button.setAttribute("aria-pressed", cell.one === one && cell.other === other);
    box.append(button);
    return button;
  });
  data.classes.forEach((name, index) => {
    const label = element("span", "column", name);
    label.style.gridArea = `${count + 1} / ${index + 2}`;
    box.append(label);
  });
  if (back) focusCell(state, ...back);
}

// --- what follows the threshold --------------------------------------------------------------------------------------

function follow(state) {
  const { data, model, at } = state;
  const { words } = data;
  const percent = (share) => `${writeNumber(data.language, 100 * share, 2)} %`;
  const threshold = data.thresholds[at];
  const written = writeNumber(data.language, threshold, 3);
  const found = figuresAt(state);
  const x = toX(state, threshold);
  find(state, "rect.accepted").setAttribute("width", x);
  find(state, "rect.rejected").setAttribute("x", x);

  const handle = find(state, ".handle");
  handle.style.left = `${x}px`;
  handle.querySelector("i").textContent = written;
  handle.setAttribute("aria-valuemin", 0);
  handle.setAttribute("aria-valuemax", end(state).toFixed(3));
  handle.setAttribute("aria-valuenow", threshold.toFixed(3));
  const here = { far: percent(found.far), frr: percent(found.frr) };
  const said = phrase(words.here, { threshold: written, accuracy: percent(found.accuracy), ...here });
  handle.setAttribute("aria-valuetext", said);

  for (const name of ["accuracy", "far", "frr"]) state.figures.get(name).textContent = percent(found[name]);
  for (const name of ["trueAccepts", "falseAccepts", "trueRejects", "falseRejects"])
    state.figures.get(name).textContent = writeNumber(data.language, found[name]);
  state.figures.get("cost").textContent = writeNumber(data.language, found.cost, 2);
  if (data.beside) state.figures.get("theirs").textContent = percent(frrAtFar(data.beside, found.far));

  place(state, "roc", found.far, 1 - found.frr);
  place(state, "det", found.far, found.frr);
  find(state, ".roc").setAttribute("aria-label", phrase(words.roc_here, { name: data.name, ...here }));
  find(state, ".det").setAttribute("aria-label", phrase(words.det_here, { name: data.name, ...here }));

  model.cells.forEach(({ one, other, within, all }, index) => {
    const wrong = all && (one === other ? all - within[at] : within[at]) / all;
    const cell = state.cells[index];
    const shown = short(wrong, data.language);
    cell.textContent = shown;
    cell.style.setProperty("--share", `${Math.min(55, 75 * Math.sqrt(wrong)).toFixed(0)}%`);
    const [first, second] = [data.classes[one], data.classes[other]];
    const classes =
      one === other ? phrase(words.two_of, { class: first }) : phrase(words.both, { one: first, other: second });
    cell.setAttribute("aria-label", phrase(words.cell, { classes, share: `${shown} %` })); // as it is read
    cell.title = phrase(words.cell, { classes, share: percent(wrong) });
  });
}

function place(state, name, x, y) {
  const point = find(state, `.${name} .point`);
  point.setAttribute("cx", state[name].x(x));
  point.setAttribute("cy", state[name].y(y));
}

// --- hand and keys ---------------------------------------------------------------------------------------------------

function listen(state) {
  const plot = find(state, ".plot");
  const handle = find(state, ".handle");
  const cells = find(state, ".cells");
  state.observer = new ResizeObserver(() => {
    if (plot.clientWidth !== state.width) draw(state);
  });
  state.observer.observe(plot);

  const take = (event) => {
    const { left } = plot.getBoundingClientRect();
    const share = (event.clientX - left - INSET.left) / (state.width - INSET.left - INSET.right);
    move(state, nearest(state.data.thresholds, share * end(state)));
  };
  plot.onpointerdown = (event) => {
    if (event.button) return;
    state.dragging = true;
    plot.setPointerCapture(event.pointerId);
    handle.focus({ preventScroll: true });
    event.preventDefault();
    take(event);
  };
  plot.onpointermove = (event) => state.dragging && take(event);
  plot.onpointerup = plot.onpointercancel = () => {
    if (!state.dragging) return;
    state.dragging = false;
    state.send();
  };
  handle.onkeydown = (event) => {
    const last = state.data.thresholds.length - 1;
    const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 }[event.key];
    const target = { Home: 0, End: last }[event.key] ?? (steps && state.at + steps);
    if (target === undefined) return;
    event.preventDefault();
    move(state, Math.min(last, Math.max(0, target)));
    clearTimeout(state.timer);
    state.timer = setTimeout(() => state.send(), SEND_AFTER);
  };
  cells.onclick = ({ target }) => {
    if (target.dataset.one) state.pick(Number(target.dataset.one), Number(target.dataset.other));
  };
  cells.onkeydown = (event) => {
    const [down, right] = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key] ?? [];
    if (down === undefined || !event.target.dataset.one) return;
    event.preventDefault();
    focusCell(state, Number(event.target.dataset.one) + down, Number(event.target.dataset.other) + right);
  };
}

function move(state, at) {
  if (at === state.at) return;
  state.at = at;
  follow(state);
}

function focusCell(state, one, other) {
  const next = find(state, `.cells button[data-one="${one}"][data-other="${other}"]`);
  if (!next) return;
  for (const cell of state.cells) cell.tabIndex = cell === next ? 0 : -1;
  next.focus({ preventScroll: true });
}

// --- small things ----------------------------------------------------------------------------------------------------

function find(state, selector) {
  return state.root.querySelector(selector);
}

function write(svg, words, x, y, className) {
  const node = document.createElementNS(SVG, "text");
  node.setAttribute("x", x);
  node.setAttribute("y", y);
  node.setAttribute("class", className);
  node.textContent = words;
  svg.append(node);
  return node;
}

function nearest(thresholds, value) {
  let best = 0;
  for (let at = 1; at < thresholds.length; at += 1) {
    if (Math.abs(thresholds[at] - value) < Math.abs(thresholds[best] - value)) best = at;
  }
  return best;
}

function ticks(limit) {
  const step = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50].find((size) => limit / size <= 8) ?? 100;
  return Array.from({ length: Math.floor(limit / step) + 1 }, (_, index) => index * step);
}

function short(share, language) {
  const value = 100 * share;
  if (!value) return "0";
  if (value < 0.1) return language === "fr" ? "<,1" : "<.1";
  return writeNumber(language, value, value < 9.95 ? 1 : 0);
}
