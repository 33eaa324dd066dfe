// One slot of the comparison: what the network sees, 28 by 28, and, where it differs, the picture as it was given.
// A click makes the slot the one that the next pick fills.

const SIDE = 28;

export default function (component) {
  const { parentElement, data, setTriggerValue } = component;
  const find = (selector) => parentElement.querySelector(selector);

  const card = find(".card");
  card.setAttribute("aria-pressed", String(data.active));
  const read = [data.caption, data.given && "as given", find(".note").textContent].filter(Boolean).join(", ");
  card.setAttribute("aria-label", `Slot ${data.letter}: ${data.title}, ${read}`); // all that is to be seen, in its order
  card.classList.toggle("compact", data.compact);
  card.title = data.active ? "The next pick comes here" : `Let the next pick come to ${data.letter}`;
  card.onclick = () => setTriggerValue("activate", data.letter);

  find(".letter").textContent = data.letter;
  find(".title").textContent = data.title;
  find(".caption").textContent = data.caption;

  paint(find(".seen"), data.pixels);

  const figure = find("figure");
  figure.hidden = !data.given;
  if (data.given) {
    find("img").src = data.given;
    find("img").alt = `Slot ${data.letter} as given`;
  }
}

function paint(canvas, encoded) {
  const grey = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
  const context = canvas.getContext("2d");
  const image = context.createImageData(SIDE, SIDE);
  grey.forEach((value, index) => image.data.set([value, value, value, 255], index * 4));
  context.putImageData(image, 0, 0);
}
