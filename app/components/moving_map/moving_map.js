// The items of a run as dots. Which items they are and where each epoch puts them is fetched once, as bytes; a newer epoch
// in the data moves every dot to its new place.

const REST = 150; // ms between two epochs of a replay
const DOT = 2.4; // CSS pixels
const STRENGTH = 0.8;
const instances = new WeakMap();

export default function (component) {
  const { parentElement, data } = component;
  let state = instances.get(parentElement);
  if (!state) {
    state = begin(parentElement);
    instances.set(parentElement, state);
  }
  if (state.data?.run !== data.run) Object.assign(state, { epoch: null, wanted: null, replaying: false, layouts: new Map() });
  state.data = data;
  state.theme = readTheme(state);
  speak(state.root, data);
  state.root.querySelector(".replay").hidden = data.epochs.length < 2;
  if (!state.replaying) goTo(state, data.epochs.at(-1));
  redraw(state);
  return () => {
    leave(state);
    instances.delete(parentElement);
  };
}

function begin(parent) {
  const root = parent.querySelector("figure");
  const canvas = root.querySelector("canvas");
  const state = {
    root,
    stage: root.querySelector(".stage"),
    layers: [canvas],
    ground: canvas.getContext("2d", { alpha: false }),
    hidden: new Set(),
    view: { zoom: 1, x: 0, y: 0 },
    width: 0,
    height: 0,
  };
  watch(state);
  root.querySelector(".replay").onclick = () => replay(state);
  return state;
}

async function goTo(state, epoch) {
  if (state.wanted === epoch) return;
  state.wanted = epoch;
  const { run } = state.data;
  const to = await arrived(state.root, fetchLayout(state, epoch));
  if (state.wanted !== epoch || state.data.run !== run) return;
  if (!to) {
    Object.assign(state, { wanted: null, replaying: false }); // the next look tries again
    return;
  }
  const isFirst = state.epoch === null;
  state.epoch = epoch;
  if (isFirst || matchMedia("(prefers-reduced-motion: reduce)").matches) {
    arrive(state, to);
  } else {
    const { places, home, centres } = state;
    state.places = places.slice();
    state.morph = { from: { places, home, centres }, to, began: performance.now() };
  }
  redraw(state);
}

async function fetchLayout(state, epoch) {
  const { items, places } = state.data;
  const address = phrase(places, { epoch });
  const both = () => Promise.all([fetchPairs(items), fetchPairs(address)]);
  const [list, cells] = await fetchOnce(state.layouts, address, both);
  state.labels = list.filter((_, at) => at % 2).slice(0, cells.length / 2);
  const layout = readPlaces(cells);
  return { ...layout, centres: centresOf(state, layout.places) };
}

function arrive(state, { places, home, centres }) {
  Object.assign(state, { places, home, centres, morph: null });
  if (state.replaying) state.timer = setTimeout(() => replayNext(state), REST);
}

function replay(state) {
  clearTimeout(state.timer);
  Object.assign(state, { replaying: true, wanted: null }); // the first epoch anew, even where it is shown already
  goTo(state, state.data.epochs[0]);
}

function replayNext(state) {
  const { epochs } = state.data;
  const next = epochs[epochs.indexOf(state.epoch) + 1];
  if (next === undefined) state.replaying = false;
  else goTo(state, next);
}

function draw(state, now) {
  if (!state.places || !fit(state)) return;
  if (state.morph) step(state, now);
  const { ground, ratio, theme, data } = state;
  project(state);
  const radius = DOT * ratio;
  if (state.dot?.radius !== radius) state.dot = { radius, ...makeDot(radius) };
  paintCloud(ground, {
    picture: state.picture,
    ground: theme.paper,
    places: state.device,
    labels: state.labels,
    colours: theme.colours,
    strength: () => STRENGTH,
    dot: state.dot,
  });
  ground.setTransform(ratio, 0, 0, ratio, 0, 0);
  paintNames(ground, {
    ...state,
    names: data.classes,
    colours: theme.colours,
    ground: theme.paper,
    ink: theme.ink,
    font: theme.font,
    toScreen: (x, y) => toScreen(state, x, y),
  });
  ground.setTransform(1, 0, 0, 1, 0, 0);
  tell(state);
  if (state.morph) redraw(state);
}

function step(state, now) {
  const { from, to, began } = state.morph;
  const done = Math.min(1, (now - began) / MORPH);
  Object.assign(state, blend(from, to, eased(done), state.places));
  if (done === 1) arrive(state, to);
}

function tell({ root, stage, layers, data, epoch, morph }) {
  const { words } = data;
  const said = epoch ? phrase(words.at, { epoch }) : words.untrained;
  root.querySelector("output").textContent = said;
  layers[0].setAttribute("aria-label", phrase(words.label, { epoch: said }));
  Object.assign(stage.dataset, { epoch, moving: Boolean(morph) });
}
