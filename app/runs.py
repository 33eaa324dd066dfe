"""A training run as a visitor follows it: the running one, or the last."""

from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from app import cache
from app.chosen import chosen_model, use_model
from app.refusals import told_to_visitor
from siamese_core import jobs
from siamese_core.errors import SiameseError


@told_to_visitor()
def show_run() -> None:
    """The running or the last run: how far it is, its curves, and a button to stop it."""
    run = jobs.latest()
    if run is None:
        st.markdown("Start a run, and its curves grow here, even while you are away.")
        if cache.model_names():
            model = chosen_model()
            st.markdown(f"This is how **{model.name}** learned.")
            show_curves(model.history)
        return
    if st.session_state.pop("watched", None) == run.id and run.state != "running":
        st.rerun()  # it has just ended: the list of models and the form have to know
    name = run.settings.get("name", "")
    if run.state == "running":
        st.session_state["watched"] = run.id
        share, words = progress(run)
        is_stopping = st.session_state.get("stop_asked") == run.id
        st.progress(share, f"Training **{name}** · {'stopping, the best epoch is kept' if is_stopping else words}")
        st.button(
            "Stop training",
            key="stop_training",
            icon=":material/stop_circle:",
            disabled=is_stopping,
            on_click=stop_run,
            args=(run.id,),
        )
    elif run.state == "failed":
        st.error(run.message or f"The run {name} failed.", icon=":material/error:")
    else:
        ended = "is trained" if run.state == "done" else "was stopped; its best epoch is kept"
        st.success(f"**{name}** {ended}.", icon=":material/check:")
        if name in cache.model_names() and name != chosen_model().name:
            st.button(f"Use {name}", key="use_trained", on_click=use_model, args=(name,))
    show_curves(run.epochs)


def stop_run(run_id: str) -> None:
    """Ask the run to stop; it keeps its best epoch."""
    try:
        jobs.stop(run_id)
    except SiameseError as error:
        st.toast(str(error))
    else:
        st.session_state["stop_asked"] = run_id


def progress(run: jobs.Run) -> tuple[float, str]:
    """The share of a running run that is done, and words for it."""
    started = next((event for event in run.events if event["event"] == "started"), None)
    last = run.progress
    if started is None:
        return 0.0, "waking up"
    epochs = int(started["recipe"]["epochs"])
    done = len(run.epochs)
    within = last["step"] / last["steps"] if last and last["epoch"] == done + 1 and last["steps"] else 0.0
    words = f"epoch {done + 1} of {epochs}" if done < epochs else "all epochs done, measuring"
    return min(1.0, (done + within) / epochs), words


def show_curves(epochs: list[dict[str, Any]]) -> None:
    """The newest figures, and loss, accuracy and AUC over the epochs."""
    if not epochs:
        return
    last = epochs[-1]
    with st.container(horizontal=True):
        st.metric("Validation accuracy", f"{last['accuracy']:.1%}")
        st.metric("Validation AUC", f"{last['auc']:.4f}")
        st.metric("Images a second", f"{last['images_per_second']:,.0f}")
    if len(epochs) < 2:
        return  # one point is no curve
    for column, name, title in zip(
        st.columns(3), ("loss", "accuracy", "auc"), ("Loss", "Validation accuracy", "Validation AUC"), strict=True
    ):
        column.altair_chart(
            draw_curve(epochs, name, title), height=180, key=f"curve_{name}", alt=f"{title} after each epoch"
        )


def draw_curve(epochs: list[dict[str, Any]], name: str, title: str) -> alt.Chart:
    """One figure over the epochs, on a scale that shows its changes."""
    table = pd.DataFrame({"epoch": [epoch["epoch"] for epoch in epochs], title: [epoch[name] for epoch in epochs]})
    return (
        alt.Chart(table)
        .mark_line(point=True)
        .encode(
            alt.X("epoch:Q").axis(tickMinStep=1, format="d", grid=False).scale(domain=[1, max(2, len(epochs))]),
            alt.Y(f"{title}:Q").scale(zero=False, nice=True).axis(title=None, tickCount=4),
            tooltip=["epoch", alt.Tooltip(title, format=".4f")],
        )
        .properties(title=title)
    )
