// Classes and how likely each is, as bars that glide while a drawing grows.

export default function (component) {
  const { parentElement, data } = component;
  const list = parentElement.querySelector(".classes");
  list.setAttribute("aria-label", data.label);
  while (list.children.length > data.classes.length) list.lastElementChild.remove();
  while (list.children.length < data.classes.length) list.append(buildRow());
  data.classes.forEach(({ name, share, text }, index) => {
    const row = list.children[index];
    row.querySelector(".name").textContent = name;
    row.querySelector("i").style.width = `${100 * share}%`;
    row.querySelector("b").textContent = text;
  });
}

function buildRow() {
  const row = document.createElement("li");
  row.innerHTML = '<span class="name"></span><span class="bar" aria-hidden="true"><i></i></span><b></b>';
  return row;
}
