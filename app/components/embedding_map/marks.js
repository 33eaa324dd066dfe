// What lies over the dots: the pictures from nearby, both slots with their lines, the lasso.

const TILE = 28;
const COLUMNS = 100; // of the atlas
const SHOWN_TILE = 34;
const FRAME = 3;
const PIN = 26; // pixels from a place to the letter that marks it

function paintPictures(context, { rows, screen, atlas, labels, colours }) {
  const half = SHOWN_TILE / 2;
  for (const row of rows) {
    const x = screen[2 * row] - half;
    const y = screen[2 * row + 1] - half;
    context.fillStyle = `rgb(${colours[labels[row]]})`;
    context.fillRect(x - FRAME, y - FRAME, SHOWN_TILE + 2 * FRAME, SHOWN_TILE + 2 * FRAME);
    context.drawImage(atlas, ...tileAt(row), TILE, TILE, x, y, SHOWN_TILE, SHOWN_TILE);
  }
}

function tileAt(row) {
  return [(row % COLUMNS) * TILE, Math.floor(row / COLUMNS) * TILE];
}

// Lines from a slot's place to its neighbours, a ring around each, and the slot's letter: in a star at the place itself,
// or on a pin above it, so that what lies near it is seen.
function paintSlot(context, { letter, place, neighbours, isStar, colour, paper, font }) {
  const [x, y] = place;
  const head = isStar ? y : y < 2 * PIN ? y + PIN : y - PIN;
  context.strokeStyle = colour;
  context.lineWidth = 1.5;
  for (const [nearX, nearY] of neighbours) line(context, x, y, nearX, nearY);
  for (const [nearX, nearY] of neighbours) ring(context, nearX, nearY, 4, paper, colour);
  if (!isStar) {
    line(context, x, y, x, head);
    ring(context, x, y, 6, paper, colour);
  }
  context.beginPath();
  if (isStar) star(context, x, y, 17);
  else context.arc(x, head, 11, 0, 2 * Math.PI);
  context.fillStyle = colour;
  context.fill();
  context.strokeStyle = paper;
  context.lineWidth = 2;
  context.stroke();
  context.fillStyle = paper;
  context.font = `700 12px ${font}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(letter, x, head + 1);
}

function line(context, x, y, toX, toY) {
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(toX, toY);
  context.stroke();
}

function ring(context, x, y, radius, paper, colour) {
  for (const [width, style] of [[4.5, paper], [2, colour]]) {
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.lineWidth = width;
    context.strokeStyle = style;
    context.stroke();
  }
}

function star(context, x, y, radius) {
  for (let point = 0; point < 10; point += 1) {
    const away = point % 2 ? radius * 0.58 : radius;
    const turn = (Math.PI * point) / 5 - Math.PI / 2;
    context.lineTo(x + away * Math.cos(turn), y + away * Math.sin(turn));
  }
  context.closePath();
}

function paintLasso(context, path, colour) {
  if (path.length < 2) return;
  context.beginPath();
  for (const [x, y] of path) context.lineTo(x, y);
  context.closePath();
  context.fillStyle = colour;
  context.globalAlpha = 0.1;
  context.fill();
  context.globalAlpha = 1;
  context.strokeStyle = colour;
  context.lineWidth = 1.5;
  context.setLineDash([5, 4]);
  context.stroke();
  context.setLineDash([]);
}

// Whether a place lies within a closed path, by how often a ray from it crosses the path.
function isWithin(path, x, y) {
  let within = false;
  for (let end = 0, start = path.length - 1; end < path.length; start = end, end += 1) {
    const [endX, endY] = path[end];
    const [startX, startY] = path[start];
    if (endY > y !== startY > y && x < ((startX - endX) * (y - endY)) / (startY - endY) + endX) within = !within;
  }
  return within;
}
