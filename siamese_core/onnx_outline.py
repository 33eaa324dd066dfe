"""What a stranger's ONNX file would do if it were opened, which it never is: its outline, without ONNX's own reader.

A file of this project is one graph of standard operators from `images` to `embeddings`, its constants inside. What
names other files, brings a training, functions, graphs within graphs, sparse constants or operators of its own is none
of ours.

References:
    ONNX, onnx.proto3 (numbers of fields); Protocol Buffers, "Encoding".
"""

from collections.abc import Iterator

MAX_FIELDS = 20_000
"""A file of this project has some 2,000; more would take long to look through."""
_VARINT, _EIGHT_BYTES, _LENGTH, _FOUR_BYTES = 0, 1, 2, 5
_GRAPH, _METADATA, _TRAINING, _FUNCTION = 7, 14, 20, 25  # of a model
_NODE, _CONSTANT, _INPUT, _OUTPUT, _SPARSE = 1, 5, 11, 12, 15  # of a graph
_DOMAIN, _ATTRIBUTE = 7, 5  # of a node
_SUBGRAPH, _SUBGRAPHS, _TENSOR, _TENSORS, _SPARSE_TENSOR, _SPARSE_TENSORS = 6, 11, 5, 10, 22, 23  # of an attribute
_EXTERNAL, _LOCATION = 13, 14  # of a constant
_NAME = 1  # of an input or output


def check_onnx(content: bytes) -> None:
    """Accept the outline of a file that this project exports.

    Raises:
        ValueError: It is another.
    """
    reader = _Reader()
    model = reader.read(content)
    graphs = [value for number, value in model if number == _GRAPH]
    if len(graphs) != 1 or any(number in (_METADATA, _TRAINING, _FUNCTION) for number, _ in model):
        raise ValueError("not one graph and nothing else")
    ports: dict[int, list[bytes]] = {_INPUT: [], _OUTPUT: []}
    for number, value in reader.read(graphs[0]):
        if number == _SPARSE:
            raise ValueError("sparse constants")
        if number == _CONSTANT:
            reader.check_constant(value)
        elif number == _NODE:
            reader.check_node(value)
        elif number in ports:
            ports[number] += [name for field, name in reader.read(value) if field == _NAME]
    if ports != {_INPUT: [b"images"], _OUTPUT: [b"embeddings"]}:
        raise ValueError("not from images to embeddings")


class _Reader:
    """Reads messages, `MAX_FIELDS` fields of them and no more."""

    def __init__(self) -> None:
        self._left = MAX_FIELDS

    def check_constant(self, message: bytes) -> None:
        if any(number in (_EXTERNAL, _LOCATION) for number, _ in self.read(message)):
            raise ValueError("a constant in another file")

    def check_node(self, message: bytes) -> None:
        for number, value in self.read(message):
            if number == _DOMAIN and value:
                raise ValueError("an operator of another domain")
            if number == _ATTRIBUTE:
                for kind, part in self.read(value):
                    if kind in (_SUBGRAPH, _SUBGRAPHS):
                        raise ValueError("a graph within the graph")
                    if kind in (_SPARSE_TENSOR, _SPARSE_TENSORS):
                        raise ValueError("sparse constants")
                    if kind in (_TENSOR, _TENSORS):
                        self.check_constant(part)

    def read(self, message: bytes) -> list[tuple[int, bytes]]:
        """The fields of a message: number and content, which is empty where it is a number.

        Raises:
            ValueError: It is none, or there are too many fields.
        """
        return list(self._fields(message))

    def _fields(self, message: bytes) -> Iterator[tuple[int, bytes]]:
        at = 0
        while at < len(message):
            self._left -= 1
            key, at = _varint(message, at)
            kind, size = key & 7, 0
            if kind == _VARINT:
                _, at = _varint(message, at)
            elif kind == _LENGTH:
                size, at = _varint(message, at)
            else:
                size = {_EIGHT_BYTES: 8, _FOUR_BYTES: 4}.get(kind, len(message))
            if at + size > len(message) or not self._left:
                raise ValueError("no message, or an endless one")
            yield key >> 3, message[at : at + size]
            at += size


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """A number and where the next thing begins."""
    value = 0
    for place, byte in enumerate(message[at : at + 10]):
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value, at + place + 1
    raise ValueError("a number without an end")
