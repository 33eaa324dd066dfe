"""The way in: page settings, navigation, and the model that every room uses."""

import sys
from pathlib import Path

import streamlit as st

_HERE = Path(__file__).resolve().parent
if str(_HERE.parent) not in sys.path:  # AppTest opens this file by itself
    sys.path.insert(0, str(_HERE.parent))

from app import cache  # noqa: E402
from app.chosen import forget_threshold, threshold_input  # noqa: E402
from app.refusals import told_to_visitor  # noqa: E402
from app.words import offer_other_language, remember_language, say, tell  # noqa: E402

PAGES = ("compare", "map", "pairs", "evaluate", "train", "explain")

st.set_page_config("Siamese", str(_HERE / "favicon.svg"), layout="wide")
st.logo(str(_HERE / "favicon.svg"), size="small")
header = st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key="header")
notices, room = st.container(), st.container()
remember_language()

# A frame may hide what is clicked in it: in one, nothing can be trained or deleted.
rooms = [name for name in PAGES if name != "train" or not st.context.is_embedded]
page = st.navigation(
    [
        st.Page(f"pages/{name}.py", title=say(f"app.{name}"), help=say(f"app.{name}_help"), default=name == PAGES[0])
        for name in rooms
    ],
    position="top",
)

names = cache.model_names()
with header:
    st.title(page.title, anchor=False, width="content")
    with st.container(horizontal=True, width="content", gap="xsmall"):
        if names:
            st.selectbox(
                say("app.model"),
                names,
                key="model",
                bind="query-params",
                on_change=forget_threshold,
                label_visibility="collapsed",
                width=150,
            )
            threshold_input()
        offer_other_language()
if names != cache.model_names():
    st.rerun()  # one has just been found damaged

with room, told_to_visitor():
    if not cache.collection().complete:
        st.caption(say("app.sample"))
    page.run()
for unusable in cache.unusable_models():
    notices.warning(f"{tell(unusable)} {say('app.left_out')}", icon=":material/warning:")
