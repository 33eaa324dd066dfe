// The visitor's language for a component: its words and numbers come with the data, see `register`.

function speak(root, { words, language }) {
  document.documentElement.lang = language;
  for (const node of root.querySelectorAll("[data-word]")) node.textContent = words[node.dataset.word];
}

function phrase(words, values) {
  return words.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

function writeNumber(language, value, decimals = 0) {
  return value.toLocaleString(language, { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}
