"""The front door: `streamlit run streamlit_app.py`. Opens data and model before the first visitor comes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import anyio.to_thread
import streamlit as st
from starlette.middleware import Middleware
from streamlit.runtime.pages_manager import PagesManager

from app.crowd import VisitorLimit
from app.headers import SecurityHeaders
from app.logs import log_as_json
from app.map_files import map_routes
from app.paths import HiddenPaths
from app.quotas import UploadQuotas
from app.service import service_routes
from app.sprites import sprite_routes


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Warm up while the first visitor's browser is still loading the front end."""
    from app.warming import warm_up  # the caches need the runtime, which is there only now

    log_as_json()
    # A folder called pages beside the main script means Streamlit's old multipage apps, until st.navigation has run
    # once: the very first visitor, were it at /pairs, would get that page without its frame.
    PagesManager.uses_pages_directory = False
    async with anyio.create_task_group() as beside:
        beside.start_soon(anyio.to_thread.run_sync, warm_up)
        yield


app = st.App(
    "app/main.py",
    routes=[*sprite_routes(), *map_routes(), *service_routes()],
    middleware=[Middleware(guard) for guard in (SecurityHeaders, VisitorLimit, UploadQuotas, HiddenPaths)],
    lifespan=lifespan,
)
