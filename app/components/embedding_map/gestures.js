// Hand and keys on the stage: mouse, fingers, wheel. What they mean is for the caller to say.

const STILL = 6; // pixels that a click may wander
const WHEEL = 0.0016;

// Calls `point(x, y)` where a mouse hovers, `click(x, y, byTouch)`, `pan(across, down)`, `zoom(factor, x, y)`, which
// answers whether it could, and `draw(x, y)` with `drawn()` while `drawing(event)` says that a lasso is wanted.
function listenToHand(stage, { point, leave, click, pan, zoom, drawing, draw, drawn }) {
  const fingers = new Map();
  let began = null;

  const at = (event) => {
    const box = stage.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  stage.onpointerdown = (event) => {
    if (event.button) return;
    stage.setPointerCapture(event.pointerId);
    const [x, y] = at(event);
    fingers.set(event.pointerId, [x, y]);
    if (began?.draws) drawn(); // a second finger ends a lasso
    began = fingers.size > 1 ? null : { x, y, moved: false, draws: drawing(event) };
    if (began?.draws) draw(x, y);
  };

  stage.onpointermove = (event) => {
    const [x, y] = at(event);
    if (!fingers.has(event.pointerId)) {
      if (event.pointerType !== "touch") point(x, y);
      return;
    }
    const before = [...fingers.values()];
    const [oldX, oldY] = fingers.get(event.pointerId);
    fingers.set(event.pointerId, [x, y]);
    if (fingers.size === 2) {
      pinch(before, [...fingers.values()]);
      return;
    }
    if (!began) return;
    began.moved ||= Math.hypot(x - began.x, y - began.y) > STILL;
    if (began.draws) draw(x, y);
    else if (began.moved) pan(x - oldX, y - oldY);
  };

  stage.onpointerup = (event) => {
    if (!fingers.delete(event.pointerId) || !began) return;
    if (began.draws) drawn();
    else if (!began.moved) click(began.x, began.y, event.pointerType === "touch");
    began = null;
  };

  stage.onpointercancel = (event) => {
    fingers.delete(event.pointerId);
    if (began?.draws) drawn();
    began = null;
  };

  stage.onpointerleave = (event) => event.pointerType !== "touch" && leave(); // a finger leaves with every tap

  stage.onwheel = (event) => {
    const [x, y] = at(event);
    if (zoom(Math.exp(-event.deltaY * (event.deltaMode ? 20 : 1) * WHEEL), x, y)) event.preventDefault();
  };

  function pinch([one, other], [newOne, newOther]) {
    const apart = (first, second) => Math.hypot(first[0] - second[0], first[1] - second[1]);
    const middle = (first, second, side) => (first[side] + second[side]) / 2;
    const [x, y] = [middle(newOne, newOther, 0), middle(newOne, newOther, 1)];
    pan(x - middle(one, other, 0), y - middle(one, other, 1));
    zoom(apart(newOne, newOther) / Math.max(1, apart(one, other)), x, y);
  }
}
