"""The front door: `streamlit run streamlit_app.py`. Opens data and model before the first visitor comes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import anyio.to_thread
import streamlit as st
from starlette.middleware import Middleware
from starlette.routing import Route
from streamlit.runtime.pages_manager import PagesManager

from app.crowd import VisitorLimit
from app.headers import SecurityHeaders
from app.late_routes import LateRoutes
from app.logs import log_as_json
from app.memory import bound_arenas
from app.paths import HiddenPaths
from app.quotas import UploadQuotas
from app.styling import StyledPage


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Warm up while the first visitor's browser is still loading the front end."""
    log_as_json()
    bound_arenas()
    # A folder called pages beside the main script means Streamlit's old multipage apps, until st.navigation has run
    # once: the very first visitor, were it at /pairs, would get that page without its frame.
    PagesManager.uses_pages_directory = False
    async with anyio.create_task_group() as beside:
        beside.start_soon(anyio.to_thread.run_sync, warm_up)
        yield


def warm_up() -> None:
    """Import the core, now that the server listens, and do what the first visitor would wait for."""
    from app import warming

    warming.warm_up()


def make_routes() -> list[Route]:
    """What this server answers beside the pages."""
    from app.map_files import map_routes
    from app.service import service_routes
    from app.sprites import sprite_routes

    return [*sprite_routes(), *map_routes(), *service_routes()]


app = st.App(
    "app/main.py",
    routes=[LateRoutes(("sprite", "atlas", "map", "api", "healthz", "readyz", "metrics"), make_routes)],
    middleware=[Middleware(layer) for layer in (SecurityHeaders, VisitorLimit, UploadQuotas, HiddenPaths, StyledPage)],
    lifespan=lifespan,
)
