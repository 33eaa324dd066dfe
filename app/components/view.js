// What of the plane is seen: a home that shows all of a layout, and from there a zoom and a shift.

const CLOSEST = 60;
const FILLED = 0.92; // of the stage's shorter side, by a layout at home
const OUTLIERS = 0.005; // at either end, which may lie outside

// The middle of a layout and how far it reaches from there, across and down.
function findHome(places) {
  const [left, right] = reach(places, 0);
  const [top, bottom] = reach(places, 1);
  return { x: (left + right) / 2, y: (top + bottom) / 2, across: (right - left) / 2 || 1, down: (bottom - top) / 2 || 1 };
}

function reach(places, offset) {
  const along = Float32Array.from({ length: places.length / 2 }, (_, row) => places[2 * row + offset]).sort();
  const last = along.length - 1;
  return [along[Math.floor(last * OUTLIERS)], along[Math.ceil(last * (1 - OUTLIERS))]];
}

// CSS pixels a unit of the plane.
function scaleOf({ home, view, width, height }) {
  return view.zoom * FILLED * Math.min(width / 2 / home.across, height / 2 / home.down);
}

function toScreen(state, x, y) {
  const scale = scaleOf(state);
  const { home, view, width, height } = state;
  return [(x - home.x - view.x) * scale + width / 2, (y - home.y - view.y) * scale + height / 2];
}

function toPlane(state, x, y) {
  const scale = scaleOf(state);
  const { home, view, width, height } = state;
  return [(x - width / 2) / scale + home.x + view.x, (y - height / 2) / scale + home.y + view.y];
}

// Zooms so that what lies at a place of the screen stays there; false where it is at an end already.
function zoomAt(state, factor, x, y) {
  const zoom = Math.min(CLOSEST, Math.max(1, state.view.zoom * factor));
  if (zoom === state.view.zoom) return false;
  const [keptX, keptY] = toPlane(state, x, y);
  state.view.zoom = zoom;
  const [nowX, nowY] = toPlane(state, x, y);
  state.view.x += keptX - nowX;
  state.view.y += keptY - nowY;
  hold(state);
  return true;
}

function shift(state, across, down) {
  const scale = scaleOf(state);
  state.view.x -= across / scale;
  state.view.y -= down / scale;
  hold(state);
}

// The middle of the stage never leaves the layout; at home there is nowhere to go.
function hold({ view, home }) {
  const room = 1 - 1 / view.zoom;
  view.x = Math.min(home.across * room, Math.max(-home.across * room, view.x));
  view.y = Math.min(home.down * room, Math.max(-home.down * room, view.y));
}
