// The test items as dots on a plane. All that moves is made here: which items there are and where each layout puts them
// is fetched once, as bytes. The server hears of what was picked and what was lassoed, and answers with neighbours.

const REST = 250; // ms between two epochs that play
const NEAR = 14; // pixels from a dot that count as on it
const FINGER = 24;
const MOST_PICTURES = 260; // so few dots in sight are shown as pictures
const CLOSE = 3; // and only from this zoom on
const FAINT = 0.1; // how opaque a dot is that the search does not mean
const UNANSWERED = 4000; // ms after which a pick that the data do not show is given up
const OTHER = { A: "B", B: "A" };
const STEP = 60; // pixels that an arrow key shifts by
const EDGE = 24; // pixels that a dot keeps from the edge which the keys have come to
const instances = new WeakMap();

export default function (component) {
  const { parentElement, data, setTriggerValue } = component;
  let state = instances.get(parentElement);
  if (!state) {
    state = begin(parentElement.querySelector(".map"));
    instances.set(parentElement, state);
  }
  state.data = data;
  state.send = setTriggerValue;
  state.picks = state.picks.filter((pick) => isUnanswered(pick, data));
  state.chosen = data.chosen ? fromBits(data.chosen) : null;
  if (!data.chosen && !state.lassoing) state.lasso = [];
  state.theme = readTheme(state);
  speak(state.root, data);
  nameControls(state);
  buildLegend(state);
  openMap(state);
  redraw(state);
  return () => {
    leave(state);
    instances.delete(parentElement);
  };
}

function begin(root) {
  const state = {
    root,
    stage: root.querySelector(".stage"),
    ground: root.querySelector(".ground").getContext("2d", { alpha: false }),
    marks: root.querySelector(".marks").getContext("2d"),
    layers: root.querySelectorAll(".stage > canvas"),
    layouts: new Map(),
    hidden: new Set(),
    meant: null, // labels or a row that the search means
    picks: [],
    lasso: [],
    chosen: null,
    view: { zoom: 1, x: 0, y: 0 },
    width: 0,
    height: 0,
    hover: -1,
    exact: 0,
    home: { x: 0, y: 0, across: 1, down: 1 }, // until there are places
  };
  watch(state);
  listen(state);
  return state;
}

function isUnanswered(pick, data) {
  const shown = data.slots.find(({ slot }) => slot === pick.slot);
  return shown?.id !== pick.id && performance.now() - pick.at < UNANSWERED;
}

// --- data ------------------------------------------------------------------------------------------------------------

async function openMap(state) {
  const { data } = state;
  const { items, first } = data;
  if (state.source === data.source) return;
  state.source = data.source;
  stopPlaying(state);
  const found = await arrived(state.root, Promise.all([fetchPairs(items), fetchLayout(state, first)]));
  if (state.source !== data.source) return; // another model has been chosen meanwhile
  if (!found) {
    state.source = null; // the next look tries again
    return;
  }
  const [list, places] = found;
  state.ids = list.filter((_, at) => at % 2 === 0);
  state.labels = list.filter((_, at) => at % 2);
  state.rows = new Map(Array.from(state.ids, (id, row) => [id, row]));
  state.hover = -1;
  settle(state, first, places);
  countClasses(state);
  redraw(state);
  whenIdle(() => fetchAtlas(state));
}

// A layout by its name: where every item lies, where home is, and the middle of each class.
function fetchLayout(state, name) {
  const address = state.data.layouts.find((layout) => layout.name === name).url;
  return fetchOnce(state.layouts, address, () => fetchPairs(address).then(readPlaces));
}

function fetchAtlas(state) {
  if (state.atlas) return;
  state.atlas = new Image();
  state.atlas.onload = () => {
    state.isAtlasReady = true;
    state.stage.dataset.pictured = true;
    redraw(state);
    if (state.hover >= 0) showCard(state);
  };
  state.atlas.src = state.data.atlas;
}

const whenIdle = (work) => (window.requestIdleCallback ?? setTimeout)(work);

// --- layouts and the way from one to the next ------------------------------------------------------------------------

function settle(state, name, { places, home }) {
  state.layout = name;
  state.places = places;
  state.home = home;
  state.centres = centresOf(state, places);
  state.exact = name === state.data.kept ? 1 : 0;
  state.morph = null;
  showTime(state);
}

async function goTo(state, name) {
  if (!state.labels) {
    openMap(state); // it could not be fetched before
    return;
  }
  state.wanted = name;
  const source = state.source;
  const to = await arrived(state.root, fetchLayout(state, name));
  if (state.wanted !== name || state.source !== source) return; // the visitor has gone on
  if (!to) {
    stopPlaying(state);
    return;
  }
  if (!state.places || matchMedia("(prefers-reduced-motion: reduce)").matches) {
    settle(state, name, to);
    redraw(state);
    rest(state);
    return;
  }
  const { places, home, centres, exact } = state;
  state.places = places.slice();
  state.layout = name;
  state.morph = {
    from: { places, home, centres, exact },
    to: { ...to, centres: centresOf(state, to.places), exact: name === state.data.kept ? 1 : 0 },
    began: performance.now(),
  };
  showTime(state);
  redraw(state);
}

function step(state, now) {
  const { from, to, began } = state.morph;
  const done = Math.min(1, (now - began) / MORPH);
  const share = eased(done);
  Object.assign(state, blend(from, to, share, state.places));
  state.exact = from.exact + (to.exact - from.exact) * share;
  if (done < 1) return;
  Object.assign(state, { places: to.places, home: to.home, centres: to.centres, exact: to.exact, morph: null });
  rest(state);
}

function rest(state) {
  if (state.playing) state.timer = setTimeout(() => playOn(state), REST);
}

function playOn(state) {
  const { epochs } = state.data;
  const next = epochs[epochs.indexOf(epochOf(state)) + 1];
  if (next === undefined) stopPlaying(state);
  else goTo(state, `epoch-${next}`);
}

function stopPlaying(state) {
  state.playing = false;
  clearTimeout(state.timer);
  if (state.layout) showTime(state);
}

function epochOf(state) {
  return state.layout.startsWith("epoch-") ? Number(state.layout.slice(6)) : null;
}

// --- drawing ---------------------------------------------------------------------------------------------------------

function draw(state, now) {
  if (!state.places || !fit(state)) return;
  if (state.morph) step(state, now);
  const { ground, ratio, theme } = state;
  project(state);
  const radius = Math.min(7, (state.ids.length > 4000 ? 1.7 : 2.6) * Math.sqrt(state.view.zoom)) * ratio;
  if (state.dot?.radius !== radius) state.dot = { radius, ...makeDot(radius) };
  paintCloud(ground, {
    picture: state.picture,
    ground: theme.paper,
    places: state.device,
    labels: state.labels,
    colours: theme.colours,
    strength: (row) => strengthOf(state, row),
    dot: state.dot,
  });
  ground.setTransform(ratio, 0, 0, ratio, 0, 0);
  if (state.isAtlasReady && state.view.zoom >= CLOSE && !state.morph) {
    const rows = inSight(state);
    if (rows.length <= MOST_PICTURES) paintPictures(ground, { ...state, rows, colours: theme.colours });
  }
  if (state.view.zoom < CLOSE) {
    paintNames(ground, {
      ...state,
      names: state.data.classes,
      colours: theme.colours,
      ground: theme.paper,
      ink: theme.ink,
      font: theme.font,
      toScreen: (x, y) => toScreen(state, x, y),
    });
  }
  ground.setTransform(1, 0, 0, 1, 0, 0);
  drawMarks(state);
  if (state.hover >= 0) placeCard(state);
  Object.assign(state.stage.dataset, { drawn: state.layout, moving: Boolean(state.morph), zoom: state.view.zoom.toFixed(2) });
  if (state.morph) redraw(state);
}

function strengthOf(state, row) {
  const label = state.labels[row];
  if (state.hidden.has(label)) return 0;
  if (state.meant && !state.meant(row, label)) return FAINT;
  if (state.chosen && !state.chosen[row]) return FAINT;
  return 0.8;
}

function inSight({ screen, width, height, hidden, labels }) {
  const rows = [];
  for (let row = 0; row < labels.length; row += 1) {
    const [x, y] = [screen[2 * row], screen[2 * row + 1]];
    if (x > 0 && y > 0 && x < width && y < height && !hidden.has(labels[row])) rows.push(row);
  }
  return rows;
}

function drawMarks(state) {
  const { marks, ratio, theme, hover } = state;
  marks.setTransform(ratio, 0, 0, ratio, 0, 0);
  marks.clearRect(0, 0, state.width, state.height);
  if (state.lasso.length) paintLasso(marks, state.lasso.map(([x, y]) => toScreen(state, x, y)), theme.primary);
  for (const mark of slotMarks(state)) {
    paintSlot(marks, {
      ...mark,
      place: toScreen(state, ...placeOf(state, mark)),
      neighbours: mark.neighbours.map((row) => [state.screen[2 * row], state.screen[2 * row + 1]]),
      colour: theme.slots[mark.letter],
      paper: `rgb(${theme.paper})`,
      font: theme.font,
    });
  }
  if (hover >= 0) ring(marks, state.screen[2 * hover], state.screen[2 * hover + 1], 7, `rgb(${theme.paper})`, theme.ink);
}

// Both slots as the data have them, or as the visitor has just picked.
function slotMarks(state) {
  return ["A", "B"].flatMap((letter) => {
    const pick = state.picks.findLast(({ slot }) => slot === letter);
    if (pick) return [{ letter, row: state.rows.get(pick.id), neighbours: [], isStar: false }];
    const slot = state.data.slots.find((one) => one.slot === letter);
    const row = state.rows.get(slot.id) ?? null;
    const neighbours = slot.neighbours.map((id) => state.rows.get(id));
    return [{ letter, row, neighbours, isStar: row === null, shares: slot.shares, place: slot.place }];
  });
}

// An item has its place. What is none lies among its neighbours, and on the kept epoch's plane exactly where it belongs.
function placeOf(state, { row, neighbours, shares, place }) {
  if (row !== null) return [state.places[2 * row], state.places[2 * row + 1]];
  return [0, 1].map((side) => {
    const among = neighbours.reduce((sum, near, at) => sum + shares[at] * state.places[2 * near + side], 0);
    return among + state.exact * ((2 * place[side]) / SIDE - 1 - among);
  });
}

// --- hand and keys ---------------------------------------------------------------------------------------------------

function listen(state) {
  const { root, stage } = state;
  const canvas = state.marks.canvas;
  listenToHand(canvas, {
    point: (x, y) => hoverAt(state, nearestTo(state, x, y, NEAR)),
    leave: () => hoverAt(state, -1),
    click: (x, y, byTouch) => {
      const row = nearestTo(state, x, y, byTouch ? FINGER : NEAR);
      hoverAt(state, row);
      pick(state, row);
    },
    pan: (across, down) => {
      if (state.view.zoom > 1) hoverAt(state, -1);
      shift(state, across, down);
      moved(state);
    },
    zoom: (factor, x, y) => {
      const could = zoomAt(state, factor, x, y);
      if (could) moved(state);
      return could;
    },
    drawing: (event) => state.places && (state.lassoing || event.shiftKey),
    draw: (x, y) => {
      if (!state.loop) [state.loop, state.lasso] = [true, []];
      state.lasso.push(toPlane(state, x, y));
      drawMarks(state);
    },
    drawn: () => closeLasso(state),
  });
  canvas.onkeydown = (event) => onKey(state, event);
  const middle = () => [state.width / 2, state.height / 2];
  const press = (name, work) => (root.querySelector(name).onclick = work);
  press(".in", () => zoomAt(state, 1.6, ...middle()) && moved(state));
  press(".out", () => zoomAt(state, 1 / 1.6, ...middle()) && moved(state));
  press(".home", () => goHome(state));
  press(".lasso", () => letLasso(state, !state.lassoing));
  press(".play", () => play(state));
  press(".neighbours", () => (stopPlaying(state), goTo(state, "neighbours")));
  press(".epochs", () => (stopPlaying(state), goTo(state, state.data.kept), fetchEpochs(state)));
  root.querySelector(".epoch").oninput = ({ target }) => {
    const epoch = state.data.epochs[Number(target.value)];
    stopPlaying(state);
    goTo(state, `epoch-${epoch}`);
  };
  root.querySelector(".search").oninput = ({ target }) => search(state, target.value);
  root.querySelector(".search").onkeydown = (event) => {
    if (event.key === "Enter" && state.found >= 0) pick(state, state.found);
  };
  stage.ondblclick = (event) => event.preventDefault();
}

function moved(state) {
  const canvas = state.marks.canvas;
  canvas.classList.toggle("away", state.view.zoom > 1);
  redraw(state);
}

function goHome(state) {
  state.view = { zoom: 1, x: 0, y: 0 };
  moved(state);
}

function onKey(state, event) {
  const { width, height } = state;
  const [across, down] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] ?? [];
  if (across !== undefined && event.shiftKey) {
    shift(state, -across * STEP, -down * STEP);
    moved(state);
  } else if (across !== undefined) walk(state, across, down);
  else if (event.key === "Enter" || event.key === " ") pick(state, state.hover);
  else if (event.key === "+" || event.key === "=") zoomAt(state, 1.4, width / 2, height / 2) && moved(state);
  else if (event.key === "-") zoomAt(state, 1 / 1.4, width / 2, height / 2) && moved(state);
  else if (event.key === "0" || event.key === "Home") goHome(state);
  else if (event.key === "Escape") {
    hoverAt(state, -1);
    if (state.chosen) state.send("lasso", "");
  } else return;
  event.preventDefault();
}

// The next dot in a direction: near, and not far off the line.
function walk(state, across, down) {
  const { screen, hover, labels, width, height } = state;
  if (hover < 0) {
    hoverAt(state, nearestTo(state, width / 2, height / 2, Infinity));
    return;
  }
  let [best, least] = [-1, Infinity];
  for (let row = 0; row < labels.length; row += 1) {
    const x = screen[2 * row] - screen[2 * hover];
    const y = screen[2 * row + 1] - screen[2 * hover + 1];
    const [along, aside] = [x * across + y * down, Math.abs(x * down + y * across)];
    if (along < 3 || aside > along || state.hidden.has(labels[row])) continue;
    const far = along + 2 * aside;
    if (far < least) [best, least] = [row, far];
  }
  if (best < 0) return;
  const outside = (place, size) => Math.max(0, place - size + EDGE) + Math.min(0, place - EDGE);
  const [aside, below] = [outside(screen[2 * best], width), outside(screen[2 * best + 1], height)];
  if (aside || below) {
    shift(state, -aside, -below);
    moved(state);
  }
  hoverAt(state, best);
}

function nearestTo({ screen, labels, hidden }, x, y, within) {
  if (!screen) return -1;
  let [best, least] = [-1, within * within];
  for (let row = 0; row < labels.length; row += 1) {
    const away = (screen[2 * row] - x) ** 2 + (screen[2 * row + 1] - y) ** 2;
    if (away < least && !hidden.has(labels[row])) [best, least] = [row, away];
  }
  return best;
}

function pick(state, row) {
  if (row < 0) return;
  const slot = state.picks.length ? OTHER[state.picks.at(-1).slot] : state.data.active;
  state.picks.push({ slot, split: "test", id: state.ids[row], at: performance.now() });
  state.send("picks", state.picks.map(({ slot, split, id }) => ({ slot, split, id })));
  drawMarks(state);
}

function letLasso(state, wanted) {
  state.lassoing = wanted;
  state.root.querySelector(".lasso").setAttribute("aria-pressed", wanted);
  state.marks.canvas.classList.toggle("draws", wanted);
}

function closeLasso(state) {
  const path = state.lasso;
  state.loop = false;
  letLasso(state, false);
  const chosen = new Uint8Array(state.labels.length);
  let count = 0;
  for (let row = 0; row < chosen.length; row += 1) {
    if (state.hidden.has(state.labels[row]) || !isWithin(path, state.places[2 * row], state.places[2 * row + 1])) continue;
    chosen[row] = 1;
    count += 1;
  }
  if (!count) state.lasso = [];
  state.chosen = count ? chosen : null;
  state.send("lasso", count ? toBits(chosen) : "");
  redraw(state);
}

// --- legend, search, card --------------------------------------------------------------------------------------------

function buildLegend(state) {
  const legend = state.root.querySelector(".legend");
  const { classes } = state.data;
  if (legend.children.length !== classes.length) {
    legend.replaceChildren(
      ...classes.map((_, label) => {
        const button = document.createElement("button");
        button.type = "button";
        button.append(document.createElement("i"), document.createElement("span"));
        button.onclick = () => toggle(state, label);
        return button;
      }),
    );
    state.root.querySelector("datalist").replaceChildren(...classes.map(() => document.createElement("option")));
  }
  classes.forEach((name, label) => {
    const button = legend.children[label];
    button.querySelector("i").style.background = `rgb(${state.theme.colours[label]})`;
    button.querySelector("span").textContent = name;
    button.setAttribute("aria-pressed", !state.hidden.has(label));
    state.root.querySelector("datalist").children[label].value = name;
  });
}

function countClasses({ labels, root }) {
  const present = new Set(labels);
  [...root.querySelector(".legend").children].forEach((button, label) => (button.hidden = !present.has(label)));
}

function toggle(state, label) {
  if (!state.hidden.delete(label)) state.hidden.add(label);
  if (state.hover >= 0 && state.hidden.has(state.labels[state.hover])) hoverAt(state, -1);
  buildLegend(state);
  redraw(state);
}

// Means the classes whose names hold the text, or the item of this number.
function search(state, text) {
  const { data, rows } = state;
  const plain = (name) => name.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().trim();
  const sought = plain(text);
  const row = /^\d+$/.test(sought) ? rows?.get(Number(sought)) : undefined;
  const labels = new Set(data.classes.flatMap((name, label) => (plain(name).includes(sought) ? [label] : [])));
  state.found = row ?? -1;
  if (row !== undefined) state.meant = (one) => one === row;
  else state.meant = sought && labels.size ? (_, label) => labels.has(label) : null;
  hoverAt(state, state.found);
  redraw(state);
}

function hoverAt(state, row) {
  if (row === state.hover) return;
  state.hover = row;
  state.marks.canvas.style.cursor = row >= 0 ? "pointer" : "";
  if (state.screen) drawMarks(state);
  showCard(state);
}

function showCard(state) {
  const { root, hover, atlas, data } = state;
  const card = root.querySelector(".card");
  card.hidden = hover < 0;
  if (hover < 0) return;
  if (!state.atlas) fetchAtlas(state);
  const name = data.classes[state.labels[hover]];
  card.querySelector("b").textContent = name;
  card.querySelector("span").textContent = phrase(data.words.item, { item: state.ids[hover] });
  root.querySelector(".spoken").textContent = `${name}, ${phrase(data.words.item, { item: state.ids[hover] })}`;
  if (state.isAtlasReady) card.querySelector("canvas").getContext("2d").drawImage(atlas, ...tileAt(hover), TILE, TILE, 0, 0, TILE, TILE);
  placeCard(state);
}

function placeCard({ root, hover, screen, width, height }) {
  const card = root.querySelector(".card");
  const [x, y] = [screen[2 * hover], screen[2 * hover + 1]];
  card.classList.toggle("left", x > width - 150);
  card.style.transform = `translate(${x}px, ${Math.min(Math.max(y, 64), height - 64)}px)`;
}

// --- time ------------------------------------------------------------------------------------------------------------

function play(state) {
  const { epochs } = state.data;
  if (!state.labels) {
    openMap(state);
    return;
  }
  if (state.playing) {
    stopPlaying(state);
    return;
  }
  state.playing = true;
  fetchEpochs(state);
  if (epochOf(state) === null || epochOf(state) === epochs.at(-1)) goTo(state, `epoch-${epochs[0]}`);
  else playOn(state);
  showTime(state);
}

// Every epoch's places, one after the other, so that none has to be waited for; what fails is told when it is wanted.
async function fetchEpochs(state) {
  for (const epoch of state.data.epochs) await fetchLayout(state, `epoch-${epoch}`).catch(() => {});
}

function showTime(state) {
  const { root, data, playing } = state;
  const { words, epochs } = data;
  const epoch = epochOf(state);
  root.querySelector(".neighbours").setAttribute("aria-pressed", epoch === null);
  root.querySelector(".epochs").setAttribute("aria-pressed", epoch !== null);
  const range = root.querySelector(".epoch");
  range.max = epochs.length - 1;
  range.value = epochs.indexOf(epoch ?? Number(data.kept.slice(6)));
  const name = (one) => (one ? phrase(words.at, { epoch: one }) : words.untrained);
  const isKept = epoch === Number(data.kept.slice(6));
  const said = epoch === null ? "" : isKept ? `${name(epoch)}, ${words.kept}` : name(epoch);
  root.querySelector(".at").textContent = said;
  range.setAttribute("aria-valuetext", said);
  root.querySelector(".play").setAttribute("aria-label", playing ? words.pause : words.play);
  root.querySelector(".play").classList.toggle("playing", Boolean(playing));
}

function nameControls(state) {
  const { root, data } = state;
  const { words } = data;
  for (const button of root.querySelectorAll(".tools button")) button.title = button.textContent.trim();
  root.querySelector(".legend").setAttribute("aria-label", words.legend);
  root.querySelector(".search").placeholder = words.search;
  root.querySelector(".search").setAttribute("aria-label", words.search);
  root.querySelector(".epoch").setAttribute("aria-label", words.epoch);
  root.querySelector(".marks").setAttribute("aria-label", data.label);
  root.querySelector(".epochs").textContent = data.epochs.length > 1 ? words.epochs : words.plane;
  root.querySelector(".ways").hidden = data.first !== "neighbours";
  root.querySelector(".time").hidden = data.epochs.length < 2;
  if (state.layout) showTime(state);
}

// --- small things ----------------------------------------------------------------------------------------------------

// Yes or no of every row, eight to a byte, the lowest bit first, as base64.
function toBits(chosen) {
  const bytes = new Uint8Array(Math.ceil(chosen.length / 8));
  chosen.forEach((is, row) => (bytes[row >> 3] |= is << (row & 7)));
  return btoa(String.fromCharCode(...bytes));
}

function fromBits(text) {
  const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
  return Uint8Array.from({ length: 8 * bytes.length }, (_, row) => (bytes[row >> 3] >> (row & 7)) & 1);
}
