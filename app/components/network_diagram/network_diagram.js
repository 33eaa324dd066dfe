// The network as boxes in the order of the data's way through it; what runs beside the main way stands below it. A click
// on a layer whose weights are known writes out how many parameters they are.

export default function (component) {
  const { parentElement, data } = component;
  const flow = parentElement.querySelector(".flow");
  speak(parentElement, data);
  flow.setAttribute("aria-label", data.label);
  flow.classList.toggle("arrows", data.arrows);
  flow.replaceChildren(...data.columns.map(buildColumn));
  const counted = flow.querySelectorAll("button");
  counted.forEach((node) => (node.onclick = () => count(parentElement, counted, node)));
  if (counted.length) count(parentElement, counted, counted[0]);
}

function count(parentElement, counted, chosen) {
  parentElement.querySelector(".sum").textContent = chosen.dataset.sum;
  counted.forEach((node) => node.setAttribute("aria-pressed", String(node === chosen)));
}

function buildColumn(boxes) {
  const column = element("li");
  column.append(...boxes.map(buildBox));
  return column;
}

function buildBox(box, lane) {
  const node = element(box.sum ? "button" : "div", "box");
  node.dataset.sum = box.sum;
  node.classList.toggle("end", box.end);
  node.classList.toggle("beside", lane > 0);
  node.append(element("div", "type", box.type), element("div", "shape", box.shape));
  if (box.parameters) node.append(element("div", "parameters", box.parameters));
  return node;
}
