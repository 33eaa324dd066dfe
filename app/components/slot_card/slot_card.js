// One slot of the comparison: what the network sees, 28 by 28, and, where it differs, the picture as it was given.
// A click makes the slot the one that the next pick fills.

const SIDE = 28;

export default function (component) {
  const { parentElement, data, setTriggerValue } = component;
  const find = (selector) => parentElement.querySelector(selector);

  const { words } = data;
  speak(parentElement, data);
  const card = find(".card");
  card.setAttribute("aria-pressed", String(data.active));
  const read = [data.title, data.caption, data.given && words.given, words.seen].filter(Boolean).join(", ");
  card.setAttribute("aria-label", phrase(words.slot, { slot: data.letter, words: read })); // all that is to be seen, in its order
  card.classList.toggle("compact", data.compact);
  card.title = data.active ? words.active : phrase(words.activate, { slot: data.letter });
  card.onclick = () => setTriggerValue("activate", data.letter);

  find(".letter").textContent = data.letter;
  find(".title").textContent = data.title;
  find(".caption").textContent = data.caption;

  paint(find(".seen"), data.pixels);

  const figure = find("figure");
  figure.hidden = !data.given;
  if (data.given) {
    find("img").src = data.given;
    find("img").alt = phrase(words.given_alt, { slot: data.letter });
  }
}

function paint(canvas, encoded) {
  const grey = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
  const context = canvas.getContext("2d");
  const image = context.createImageData(SIDE, SIDE);
  grey.forEach((value, index) => image.data.set([value, value, value, 255], index * 4));
  context.putImageData(image, 0, 0);
}
