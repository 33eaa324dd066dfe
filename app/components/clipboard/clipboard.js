// Listens for pictures pasted anywhere on the page and hands over the file; one above the limit goes as its size alone.

const instances = new WeakMap();

export default function (component) {
  const { parentElement, data, setTriggerValue } = component;
  const state = instances.get(parentElement) ?? {};
  state.send = (picture) => setTriggerValue("picture", picture);
  state.limit = data.limit;
  if (!instances.has(parentElement)) {
    instances.set(parentElement, state);
    state.onPaste = (event) => onPaste(state, event);
    document.addEventListener("paste", state.onPaste);
  }
  return () => {
    document.removeEventListener("paste", state.onPaste);
    instances.delete(parentElement);
  };
}

async function onPaste(state, event) {
  const file = [...(event.clipboardData?.files ?? [])].find((one) => one.type.startsWith("image/"));
  if (!file) return; // words are for whoever has the focus
  event.preventDefault();
  state.send({ data: file.size > state.limit ? "" : await base64(file), size: file.size });
}

function base64(file) {
  return new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.split(",")[1] ?? "");
    reader.onerror = () => resolve("");
    reader.readAsDataURL(file);
  });
}
