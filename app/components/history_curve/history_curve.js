// The loss over the epochs; the slider reads one of them.

const DECIMALS = 6;
const instances = new WeakMap();

export default function (component) {
  const { parentElement, data } = component;
  const root = parentElement.querySelector(".root");
  const slider = root.querySelector("input");
  speak(root, data);
  slider.max = data.loss.length;
  slider.setAttribute("aria-label", data.words.epoch);
  if (instances.get(parentElement) !== data.name) slider.value = data.kept;
  instances.set(parentElement, data.name);

  const last = Math.max(1, data.loss.length - 1);
  const [lowest, highest] = [Math.min(...data.loss), Math.max(...data.loss)];
  const height = (loss) => 0.1 + (0.85 * (loss - lowest)) / (highest - lowest || 1);
  trace(root.querySelector("svg"), { curve: line(data.loss.map((loss, at) => [at / last, height(loss)])) });
  slider.oninput = () => {
    const at = Number(slider.value) - 1;
    place(root.querySelector(".needle"), at / last);
    place(root.querySelector(".dot"), at / last, height(data.loss[at]));
    write(root, "epoch", `${at + 1} / ${data.loss.length}`);
    for (const figure of ["loss", "accuracy", "threshold"]) {
      write(root, figure, writeNumber(data.language, data[figure][at], DECIMALS));
    }
  };
  slider.oninput();
}
