"""How the boxes of the network's diagram are arranged."""

from app.components.network_diagram import arrange


def layer(name: str, *inputs: str) -> dict:
    return {"name": name, "type": "Dense", "output_shape": [4], "parameters": 0, "inputs": list(inputs)}


def names(columns: list[list[dict]]) -> list[list[str]]:
    return [[layer["name"] for layer in column] for column in columns]


def test_a_chain_is_one_row() -> None:
    assert names(arrange([layer("a"), layer("b", "a"), layer("c", "b")])) == [["a"], ["b"], ["c"]]


def test_a_shortcut_stands_below_the_longer_way() -> None:
    block = [layer("in"), layer("short", "in"), layer("1", "in"), layer("2", "1"), layer("add", "2", "short")]
    assert names(arrange(block)) == [["in"], ["1", "short"], ["2"], ["add"]]


def test_layers_that_do_not_say_what_they_read_keep_their_order() -> None:
    silent = [{key: value for key, value in layer(name).items() if key != "inputs"} for name in "ab"]
    assert names(arrange(silent)) == [["a"], ["b"]]


def test_no_layers_are_no_columns() -> None:
    assert arrange([]) == []


def test_an_input_that_is_not_drawn_is_no_layer() -> None:
    assert names(arrange([layer("a", "images"), layer("b", "a")])) == [["a"], ["b"]]
