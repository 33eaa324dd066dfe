// A pad for mouse, finger and pen: white strokes on black. Sends a small PNG and the strokes themselves, so that a
// pad mounted anew (another page in between) takes them up again.

const SIZE = 280; // the drawing's own coordinates, whatever the size on screen
const SENT = 140; // side of the picture that is sent
const THROTTLE = 200; // ms between two pictures within a stroke

const instances = new WeakMap();

export default function (component) {
  const { parentElement, data, setStateValue } = component;
  let pad = instances.get(parentElement);
  if (!pad) {
    pad = createPad(parentElement, data.strokes ?? []);
    instances.set(parentElement, pad);
  }
  pad.send = (drawing) => setStateValue("drawing", drawing);
  parentElement.querySelector("canvas").setAttribute("aria-label", data.label);
}

function createPad(root, strokes) {
  const canvas = root.querySelector("canvas");
  const width = root.querySelector("input");
  const undo = root.querySelector(".undo");
  const clear = root.querySelector(".clear");
  const small = document.createElement("canvas");
  small.width = small.height = SENT;

  const pad = { strokes: strokes.map((stroke) => ({ ...stroke })), send: () => {} };
  let stroke = null;
  let sentAt = 0;

  const paint = () => {
    paintStrokes(canvas.getContext("2d"), pad.strokes);
    undo.disabled = clear.disabled = pad.strokes.length === 0;
  };

  const emit = () => {
    sentAt = performance.now();
    if (pad.strokes.length === 0) {
      pad.send({ png: "", strokes: [] }); // not null: to a pad mounted anew that would be no change
      return;
    }
    small.getContext("2d").drawImage(canvas, 0, 0, SENT, SENT);
    const png = small.toDataURL("image/png").split(",")[1];
    pad.send({ png, strokes: pad.strokes });
  };

  const point = (event) => {
    const box = canvas.getBoundingClientRect();
    return [
      Math.round(((event.clientX - box.left) * SIZE) / box.width),
      Math.round(((event.clientY - box.top) * SIZE) / box.height),
    ];
  };

  canvas.onpointerdown = (event) => {
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    stroke = { pointer: event.pointerId, width: Number(width.value), points: [point(event)] };
    pad.strokes.push(stroke);
    paint();
  };

  canvas.onpointermove = (event) => {
    if (!stroke || event.pointerId !== stroke.pointer) return;
    const moves = event.getCoalescedEvents?.() ?? [];
    stroke.points.push(...(moves.length ? moves : [event]).map(point));
    paint();
    if (performance.now() - sentAt > THROTTLE) emit();
  };

  canvas.onpointerup = canvas.onpointercancel = (event) => {
    if (!stroke || event.pointerId !== stroke.pointer) return;
    stroke = null;
    emit();
  };

  undo.onclick = () => {
    pad.strokes.pop();
    paint();
    emit();
  };

  clear.onclick = () => {
    pad.strokes = [];
    paint();
    emit();
  };

  paint();
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
