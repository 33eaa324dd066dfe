"""Images -> embeddings, on ONNX Runtime; no training library is needed."""

import os
from functools import cached_property
from typing import Any

import numpy as np

from siamese_core.errors import BundleError

BATCH = 64
"""Images a call: more of them at once spill the processor's cache and slow down a convolutional encoder fourfold."""

# ONNX Runtime (seen in 1.32) sends what it is used for to its maker, and keeps a data base, a device's id and a thread
# for it, unless this is set before its first import.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")


class Encoder:
    """An exported encoder; may be called from several threads at once.

    Attributes:
        size: d, the length of an embedding.
    """

    def __init__(self, onnx: bytes) -> None:
        """Open the content of an `encoder.onnx`.

        Raises:
            BundleError: It is no encoder: not ONNX, or with other inputs or outputs than `images` and `embeddings`.
        """
        import onnxruntime  # 0.1 s: only where a model is opened

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = min(2, os.cpu_count() or 1)  # more threads than this cost more than they give
        # Threads that wait by spinning gain nothing here and take a core from whoever else needs it.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's own errors share no base class of their own
            raise BundleError("The file encoder.onnx is damaged; train or install the model again.") from error
        inputs = [(port.name, port.type) for port in self._session.get_inputs()]
        outputs = [(port.name, port.type) for port in self._session.get_outputs()]
        if inputs != [("images", "tensor(uint8)")] or outputs != [("embeddings", "tensor(float)")]:
            raise BundleError("The file encoder.onnx is no encoder: it must map images to embeddings.")

    @cached_property
    def size(self) -> int:
        """d, the length of an embedding."""
        return self._run(np.zeros((1, 28, 28), np.uint8)).shape[1]

    def embed(self, images: np.ndarray) -> np.ndarray:
        """Embeddings (n, d) float32 of (n, 28, 28) uint8 images.

        Raises:
            ValueError: The images have another shape or type.
        """
        if images.ndim != 3 or images.shape[1:] != (28, 28) or images.dtype != np.uint8:
            raise ValueError(f"`images` must be uint8 (n, 28, 28), got {images.dtype} {images.shape}")
        parts = [self._run(images[start : start + BATCH]) for start in range(0, len(images), BATCH)]
        return np.concatenate(parts) if parts else np.zeros((0, self.size), np.float32)

    def _run(self, images: np.ndarray) -> Any:
        return self._session.run(["embeddings"], {"images": images})[0]
