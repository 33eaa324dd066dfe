// The steps of a picture's way to 28 by 28, in order. A step that can be left out is a button; a click switches it.

export default function (component) {
  const { parentElement, data, setTriggerValue } = component;
  const { words } = data;
  speak(parentElement, data);
  const strip = parentElement.querySelector(".strip");
  strip.setAttribute("aria-label", data.label);
  const names = data.steps.map((step) => `${step.name} ${step.switchable}`).join();
  if (strip.dataset.names !== names) {
    strip.dataset.names = names;
    strip.replaceChildren(...data.steps.map(buildStep));
  }
  data.steps.forEach((step, index) => {
    const place = strip.children[index];
    place.querySelector("img").src = step.picture;
    place.querySelector(".word").textContent = step.switchable && !step.on ? phrase(words.off, { step: step.label }) : step.label;
    if (!step.switchable) return;
    place.setAttribute("aria-pressed", String(step.on));
    place.setAttribute("aria-label", step.label);
    place.title = step.on ? words.leave : words.take;
    place.onclick = () => setTriggerValue("step", step.name);
  });
}

function buildStep(step) {
  const place = element(step.switchable ? "button" : "div", "step");
  if (step.switchable) place.type = "button";
  const picture = element("img");
  picture.alt = ""; // the word below says it
  place.append(picture, element("span", "word"));
  return place;
}
