// What Streamlit calls: a component's own function, with its data out of the tuple that they travel in, see `register`.

export default (component) => render({ ...component, data: component.data[0] });
