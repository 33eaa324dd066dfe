"""A training run as a visitor follows it: the running one, or the last."""

from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from app import cache
from app.chosen import chosen_model, use_model
from app.refusals import told_to_visitor
from app.words import say, tell, write_number, write_share
from siamese_core import jobs, runs
from siamese_core.errors import RunError, SiameseError


@told_to_visitor()
def show_run() -> None:
    """The running or the last run: how far it is, its curves, and a button to stop it."""
    run = runs.latest()
    if run is None:
        st.markdown(say("runs.invitation"))
        if cache.model_names():
            model = chosen_model()
            st.markdown(say("runs.history", name=model.name))
            show_curves(model.history)
        return
    if st.session_state.pop("watched", None) == run.id and run.state != "running":
        st.rerun()  # it has just ended: the list of models and the form have to know
    name = run.settings.get("name", "")
    if run.state == "running":
        st.session_state["watched"] = run.id
        share, words = progress(run)
        is_stopping = st.session_state.get("stop_asked") == run.id
        words = say("runs.stopping") if is_stopping else words
        st.progress(share, say("runs.training", name=name, progress=words))
        st.button(
            say("runs.stop"),
            key="stop_training",
            icon=":material/stop_circle:",
            disabled=is_stopping,
            on_click=stop_run,
            args=(run.id,),
        )
    elif run.state == "failed":
        st.error(tell(RunError(run.message)) if run.message else say("runs.failed", name=name), icon=":material/error:")
    else:
        ended = say("runs.done" if run.state == "done" else "runs.stopped", name=name)
        st.success(ended, icon=":material/check:")
        if name in cache.model_names() and name != chosen_model().name:
            st.button(say("runs.use", name=name), key="use_trained", on_click=use_model, args=(name,))
    show_curves(run.epochs)


def stop_run(run_id: str) -> None:
    """Ask the run to stop; it keeps its best epoch."""
    try:
        jobs.stop(run_id)
    except SiameseError as error:
        st.toast(tell(error))
    else:
        st.session_state["stop_asked"] = run_id


def progress(run: runs.Run) -> tuple[float, str]:
    """The share of a running run that is done, and words for it."""
    started = next((event for event in run.events if event["event"] == "started"), None)
    last = run.progress
    if started is None:
        return 0.0, say("runs.waking")
    epochs = int(started["recipe"]["epochs"])
    done = len(run.epochs)
    within = last["step"] / last["steps"] if last and last["epoch"] == done + 1 and last["steps"] else 0.0
    words = say("runs.epoch_of", epoch=done + 1, epochs=epochs) if done < epochs else say("runs.measuring")
    return min(1.0, (done + within) / epochs), words


def show_curves(epochs: list[dict[str, Any]]) -> None:
    """The newest figures, and loss, accuracy and AUC over the epochs."""
    if not epochs:
        return
    last = epochs[-1]
    with st.container(horizontal=True):
        st.metric(say("runs.accuracy"), write_share(last["accuracy"]))
        st.metric(say("runs.auc"), write_number(last["auc"], 4))
        st.metric(say("runs.speed"), write_number(last["images_per_second"]))
    if len(epochs) < 2:
        return  # one point is no curve
    for column, name in zip(st.columns(3), ("loss", "accuracy", "auc"), strict=True):
        title = say(f"runs.{name}")
        column.altair_chart(
            draw_curve(epochs, name, title), height=180, key=f"curve_{name}", alt=say("runs.curve", figure=title)
        )


def draw_curve(epochs: list[dict[str, Any]], name: str, title: str) -> alt.Chart:
    """One figure over the epochs, on a scale that shows its changes."""
    table = pd.DataFrame({"epoch": [epoch["epoch"] for epoch in epochs], title: [epoch[name] for epoch in epochs]})
    return (
        alt.Chart(table)
        .mark_line(point=True)
        .encode(
            alt.X("epoch:Q", title=say("runs.epoch"))
            .axis(tickMinStep=1, format="d", grid=False)
            .scale(domain=[1, max(2, len(epochs))]),
            alt.Y(f"{title}:Q").scale(zero=False, nice=True).axis(title=None, tickCount=4),
            tooltip=[alt.Tooltip("epoch:Q", title=say("runs.epoch")), alt.Tooltip(title, format=".4f")],
        )
        .properties(title=title)
    )
