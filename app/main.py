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

st.set_page_config("Siamese", str(_HERE / "favicon.svg"), layout="wide")
st.logo(str(_HERE / "favicon.svg"), size="small")
st.html(_HERE / "style.css")

page = st.navigation(
    [
        st.Page("pages/compare.py", title="Compare", default=True, help="Two items, their distance, a verdict."),
        st.Page("pages/pairs.py", title="Pairs", help="Training and test pairs with truth, distance and verdict."),
        st.Page("pages/evaluate.py", title="Evaluate", help="Which threshold, which mistakes, how sure."),
        st.Page("pages/train.py", title="Train", help="Train a network, watch it learn, manage your models."),
    ],
    position="top",
)

names = cache.model_names()
with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key="header"):
    st.title(page.title, anchor=False, width="content")
    if names:
        with st.container(horizontal=True, width="content", gap="xsmall"):
            st.selectbox(
                "Model",
                names,
                key="model",
                bind="query-params",
                on_change=forget_threshold,
                label_visibility="collapsed",
                width=180,
            )
            threshold_input()

with told_to_visitor():
    if not cache.collection().complete:
        st.caption("These are the 1,000 sample images that come with the app; `make data` fetches all 70,000.")
    page.run()
