"""Is the server alive, and can it answer? For a container's engine and for a proxy."""

import shutil
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app import cache
from app.operator import limits
from app.warming import is_warm
from siamese_core.artifacts import artifacts_root
from siamese_core.errors import SiameseError

MIN_FREE_MEGABYTES = 50
"""What a run and its model may write; below it, a training would fail half-way."""
_MEGABYTE = 1_000_000


class NotReadyError(SiameseError):
    """Something that the server cannot answer without is missing."""


async def alive(_: Request) -> Response:
    """200 as long as the event loop turns."""
    return JSONResponse({"alive": True})


def ready(_: Request) -> Response:
    """200 when data and the first model can be opened and there is room on the disk, else 503 with the reasons."""
    reasons = reasons_not_to_be_ready()
    return JSONResponse({"ready": not reasons, "reasons": reasons}, 503 if reasons else 200)


def reasons_not_to_be_ready() -> list[str]:
    """A sentence for each thing that is missing."""
    checks = (_check_warm, _check_data, _check_model, _check_disk)
    return [reason for check in checks if (reason := _reason(check))]


def _reason(check: Callable[[], None]) -> str | None:
    try:
        check()
    except (SiameseError, OSError) as error:
        return str(error)
    return None


def _check_warm() -> None:
    if not is_warm.is_set():
        raise NotReadyError("The server is still warming up.")


def _check_data() -> None:
    cache.collection().split("test")


def _check_model() -> None:
    if cache.first_usable(cache.model_names()) is None:
        raise NotReadyError("There is no model that can be used.")


def _check_disk() -> None:
    free = shutil.disk_usage(artifacts_root()).free / _MEGABYTE
    if free < MIN_FREE_MEGABYTES and not limits().read_only:
        raise NotReadyError(
            "Only {free:.0f} MB are free where models are kept; {wanted} are needed.",
            free=free,
            wanted=MIN_FREE_MEGABYTES,
        )
