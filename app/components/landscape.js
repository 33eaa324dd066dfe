// What every map of the items is made of: places, the middles, colours and names of the classes, the canvas they fill.

const SIDE = 65535; // the last cell of a map
const PALETTE = [0, 8, 2, 4, 6, 9, 1, 5, 3, 7]; // so that grey is no garment that others are told from
const MORPH = 600; // ms from one layout to the next

async function fetchPairs(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  return new Uint16Array(await answer.arrayBuffer());
}

// What is read from an address, fetched once; where that failed, the next who asks fetches it anew.
function fetchOnce(fetched, address, read) {
  if (!fetched.has(address)) {
    const coming = read();
    fetched.set(address, coming);
    coming.catch(() => fetched.delete(address));
  }
  return fetched.get(address);
}

// What has been fetched, or null where that failed; the stage then says so.
async function arrived(root, fetching) {
  const notice = root.querySelector(".failed");
  try {
    const found = await fetching;
    notice.hidden = true;
    return found;
  } catch {
    notice.hidden = false;
    return null;
  }
}

function readPlaces(cells) {
  const places = Float32Array.from(cells, (cell) => (2 * cell) / SIDE - 1);
  return { places, home: findHome(places) };
}

function centresOf({ labels, data }, places) {
  const along = data.classes.map(() => [[], []]);
  labels.forEach((label, row) => {
    along[label][0].push(places[2 * row]);
    along[label][1].push(places[2 * row + 1]);
  });
  const middle = (values) => Float32Array.from(values).sort()[values.length >> 1];
  return along.map(([xs, ys]) => (xs.length ? [middle(xs), middle(ys)] : null));
}

// What lies between two layouts, of which each has places, a home and the classes' centres; the places go into `into`.
function blend(from, to, share, into) {
  const between = (one, other) => one + (other - one) * share;
  const [start, end] = [from.places, to.places];
  for (let at = 0; at < start.length; at += 1) into[at] = start[at] + (end[at] - start[at]) * share;
  return {
    home: Object.fromEntries(Object.keys(to.home).map((side) => [side, between(from.home[side], to.home[side])])),
    centres: to.centres.map((centre, label) => centre?.map((value, side) => between(from.centres[label][side], value))),
  };
}

// Slow, fast, slow.
function eased(done) {
  return done * done * (3 - 2 * done);
}

// Draws what has changed, in the next frame; `draw` is each map's own.
function redraw(state) {
  state.frame ??= requestAnimationFrame((now) => {
    state.frame = null;
    draw(state, now);
  });
}

// From now on a map is drawn anew whenever its stage gets another size.
function watch(state) {
  state.observer = new ResizeObserver(() => redraw(state));
  state.observer.observe(state.stage);
}

// Ends all that goes on by itself.
function leave(state) {
  state.observer.disconnect();
  clearTimeout(state.timer);
  cancelAnimationFrame(state.frame);
}

// Gives the canvases the stage's size; false while it has none.
function fit(state) {
  const { clientWidth: width, clientHeight: height } = state.stage;
  const ratio = Math.min(2, devicePixelRatio);
  if (!width || !height) return false;
  if (state.width === width && state.height === height && state.ratio === ratio) return true;
  Object.assign(state, { width, height, ratio });
  for (const canvas of state.layers) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  state.picture = state.ground.createImageData(state.ground.canvas.width, state.ground.canvas.height);
  return true;
}

function project(state) {
  const { places, ratio } = state;
  if (state.screen?.length !== places.length) {
    state.screen = new Float32Array(places.length);
    state.device = new Float32Array(places.length);
  }
  const scale = scaleOf(state);
  const [zeroX, zeroY] = toScreen(state, 0, 0);
  for (let at = 0; at < places.length; at += 2) {
    state.screen[at] = places[at] * scale + zeroX;
    state.screen[at + 1] = places[at + 1] * scale + zeroY;
    state.device[at] = state.screen[at] * ratio;
    state.device[at + 1] = state.screen[at + 1] * ratio;
  }
}

function readTheme({ root, ground, data }) {
  const style = getComputedStyle(root);
  const read = (name) => style.getPropertyValue(name).trim();
  const palette = read("--st-chart-categorical-colors").split(/,(?![^(]*\))/).map((one) => toRgb(ground, one.trim()));
  return {
    font: style.fontFamily,
    paper: toRgb(ground, read("--st-background-color")),
    ink: read("--st-text-color"),
    primary: read("--st-primary-color"),
    slots: { A: read("--st-primary-color"), B: read("--st-text-color") },
    colours: data.classes.map((_, label) => palette[(PALETTE[label] ?? label) % palette.length]),
  };
}

function toRgb(context, colour) {
  context.fillStyle = colour;
  return [1, 3, 5].map((at) => parseInt(context.fillStyle.slice(at, at + 2), 16));
}

// Names lie over the middle of their class, one below the other where two are near.
function paintNames(context, { names, colours, centres, hidden, toScreen, ground, ink, font }) {
  context.font = `600 13px ${font}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  const taken = [];
  names.forEach((name, label) => {
    if (hidden.has(label) || !centres[label]) return;
    const [x, wanted] = toScreen(...centres[label]);
    const half = context.measureText(name).width / 2 + 4;
    const y = free(taken, x, wanted, half);
    taken.push([x, y, half]);
    context.strokeStyle = `rgb(${ground})`;
    context.lineWidth = 5;
    context.globalAlpha = 0.85;
    context.strokeText(name, x, y);
    context.globalAlpha = 1;
    context.fillStyle = ink;
    context.fillText(name, x, y);
    context.fillStyle = `rgb(${colours[label]})`;
    context.fillRect(x - half + 4, y + 9, 2 * half - 8, 2);
  });
}

// The nearest height to the wanted one at which no other name is in the way.
function free(taken, x, wanted, half) {
  const clear = (y) => taken.every(([otherX, otherY, other]) => Math.abs(x - otherX) > half + other || Math.abs(y - otherY) > 20);
  for (let step = 0; step < 12; step += 1) {
    for (const y of [wanted - 10 * step, wanted + 10 * step]) if (clear(y)) return y;
  }
  return wanted;
}
