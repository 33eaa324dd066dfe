// A pad for mouse, finger and pen: white strokes on black. Sends its strokes while they are drawn: the next state goes
// out as soon as the server has answered the last one, never earlier, so that no answer is cut off by a new question.

const SIZE = 280; // the drawing's own coordinates, whatever the size on screen
const REACH = SIZE; // how far beyond the canvas a stroke may run
const STEP = 3; // two points nearer than this are one
const PATIENCE = 1500; // ms after which a state that was never answered is given up

const instances = new WeakMap();

export default function (component) {
  const { parentElement, data, setStateValue } = component;
  let pad = instances.get(parentElement);
  if (!pad) {
    pad = createPad(parentElement, data.answered);
    instances.set(parentElement, pad);
  }
  speak(parentElement, data);
  pad.send = (drawing) => setStateValue("drawing", drawing);
  parentElement.querySelector("canvas").setAttribute("aria-label", data.label);
  if (data.version !== pad.version) pad.adopt(data); // the drawing comes from elsewhere: an example, a link, a swap
  pad.hear(data.answered);
}

function createPad(root, answered) {
  const canvas = root.querySelector("canvas");
  const width = root.querySelector("input");
  const undo = root.querySelector(".undo");
  const clear = root.querySelector(".clear");
  let strokes = [];
  let stroke = null;
  let pointer = null; // that draws the stroke
  let serial = answered; // of the state that was sent last
  let sentAt = -Infinity;
  let waiting = false;
  let changed = false;

  const paint = () => {
    paintStrokes(canvas.getContext("2d"), strokes);
    undo.disabled = clear.disabled = strokes.length === 0;
  };

  const emit = () => {
    changed = true;
    if (waiting && performance.now() - sentAt < PATIENCE) return;
    serial += 1;
    sentAt = performance.now();
    waiting = true;
    changed = false;
    pad.send({ strokes, finished: stroke === null, serial });
  };

  const pad = {
    send: () => {},
    hear(number) {
      if (number < serial) return;
      waiting = false;
      if (changed) emit();
    },
    adopt(data) {
      pad.version = data.version;
      strokes = data.strokes.map((one) => ({ ...one }));
      stroke = null;
      changed = waiting = false;
      paint();
    },
  };

  const point = (event) => {
    const box = canvas.getBoundingClientRect();
    const within = (value) => Math.round(Math.min(Math.max(value, -REACH), SIZE + REACH));
    return [
      within(((event.clientX - box.left) * SIZE) / box.width),
      within(((event.clientY - box.top) * SIZE) / box.height),
    ];
  };

  const extend = (event) => {
    const [x, y] = point(event);
    const [lastX, lastY] = stroke.points.at(-1);
    if (Math.hypot(x - lastX, y - lastY) >= STEP) stroke.points.push([x, y]);
  };

  canvas.onpointerdown = (event) => {
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    pointer = event.pointerId;
    stroke = { width: Number(width.value), points: [point(event)] };
    strokes.push(stroke);
    paint();
    emit();
  };

  canvas.onpointermove = (event) => {
    if (!stroke || event.pointerId !== pointer) return;
    const moves = event.getCoalescedEvents?.() ?? [];
    (moves.length ? moves : [event]).forEach(extend);
    paint();
    emit();
  };

  canvas.onpointerup = canvas.onpointercancel = (event) => {
    if (!stroke || event.pointerId !== pointer) return;
    stroke = null;
    emit();
  };

  undo.onclick = () => {
    strokes.pop();
    paint();
    emit();
  };

  clear.onclick = () => {
    strokes = [];
    paint();
    emit();
  };

  return pad;
}

function paintStrokes(context, strokes) {
  context.fillStyle = "#000";
  context.fillRect(0, 0, SIZE, SIZE);
  context.strokeStyle = "#fff";
  context.lineCap = context.lineJoin = "round";
  for (const { width, points } of strokes) {
    context.lineWidth = width;
    context.beginPath();
    context.moveTo(...points[0]);
    // a lone tap is a dot: a line of no length with round ends
    for (const next of points.length > 1 ? points.slice(1) : points) context.lineTo(...next);
    context.stroke();
  }
}
