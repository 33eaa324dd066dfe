// The verdict in words, and a scale with the distance, the threshold and the margin on it.

export default function (component) {
  const { parentElement, data } = component;
  const { distance, threshold, margin, kind, band, limit, words, language } = data;
  const find = (selector) => parentElement.querySelector(selector);
  const place = (value) => `${Math.min(100, (100 * value) / limit)}%`;

  speak(parentElement, data);
  const root = find(".root");
  for (const one of ["same", "different", "unsure"]) root.classList.toggle(one, one === kind);
  find(".word b").textContent = data.word;
  find(".reason").textContent = data.reason;
  find(".gauge").setAttribute("aria-label", data.description);

  find(".near").style.width = place(threshold);
  find(".band").hidden = !band;
  if (band) {
    find(".band").style.left = place(band[0]);
    find(".band").style.width = `${(100 * (Math.min(band[1], limit) - Math.min(band[0], limit))) / limit}%`;
  }
  find(".threshold").style.left = place(threshold);
  find(".threshold span").textContent = phrase(words.threshold, { value: writeNumber(language, threshold, 2) });
  find(".needle").style.left = place(distance);
  find(".margin").hidden = margin === null;
  if (margin !== null) {
    find(".margin").style.left = place(margin);
    find(".margin span").textContent = phrase(words.margin, { value: writeNumber(language, margin, 2) });
  }
  find(".high").textContent = writeNumber(language, limit, 1);
  keepInside(find(".threshold span"), threshold / limit);
}

// A label near an end of the scale is drawn towards the middle.
function keepInside(label, share) {
  const shift = share < 0.12 ? 0 : share > 0.88 ? 100 : 50;
  label.style.transform = `translateX(-${shift}%)`;
}
