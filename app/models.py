"""The models there are: choose, compare, take along, delete."""

import pandas as pd
import streamlit as st

from app import cache
from app.chosen import chosen_model, forget_threshold, use_model
from app.exports import offer_export
from app.words import say, tell, write_number, write_share
from siamese_core import artifacts
from siamese_core.artifacts import Bundle
from siamese_core.errors import SiameseError


def open_bundles() -> list[Bundle]:
    """Every model that can be opened; of a damaged one the visitor reads why."""
    bundles = []
    for name in cache.model_names():
        try:
            bundles.append(cache.bundle(name))
        except SiameseError as error:
            st.warning(tell(error))
    return bundles


def show_models(bundles: list[Bundle]) -> None:
    """A card for each model, to choose, export or delete it."""
    chosen = chosen_model().name
    with st.grid(min_column_width=250):
        for model in bundles:
            with st.container(border=True, key=f"model_{model.name}"):
                show_model(model, chosen=model.name == chosen)


def show_model(model: Bundle, *, chosen: bool) -> None:
    """One model: its figures, and what can be done with it."""
    pairs = model.metrics.get("tutorial_pairs", {})
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{model.name}**", width="content")
        if chosen:
            st.badge(say("models.in_use"), color="blue")
    st.metric(say("models.right"), write_share(pairs["accuracy"]) if "accuracy" in pairs else None)
    threshold = write_number(model.threshold, 2)
    st.caption(say("models.caption", recipe=model.recipe.name, seed=model.seed, threshold=threshold))
    with st.container(horizontal=True):
        st.button(say("models.use"), key=f"use_{model.name}", disabled=chosen, on_click=use_model, args=(model.name,))
        offer_export(model)
        if not model.shipped:
            with st.popover(say("models.delete")):
                st.write(say("models.delete_ask", name=model.name))
                st.button(
                    say("models.delete_it"), key=f"delete_{model.name}", on_click=delete_model, args=(model.name,)
                )


def delete_model(name: str) -> None:
    """Delete a visitor's own model; the app goes back to the first one when it was in use."""
    try:
        artifacts.delete_bundle(name)
    except SiameseError as error:
        st.toast(tell(error))
        return
    if st.session_state.get("model") == name:
        st.session_state["model"] = cache.model_names()[0]
        forget_threshold()


def show_comparison(bundles: list[Bundle]) -> None:
    """Figures and settings of the chosen models, side by side."""
    names = [model.name for model in bundles]
    picked = st.multiselect(say("models.beside"), names, default=names[:3], key="compared")
    columns = {model.name: describe(model) for model in bundles if model.name in picked}
    if columns:
        st.dataframe(pd.DataFrame(columns), height="content", alt=say("models.table"), key="comparison")


def describe(model: Bundle) -> dict[str, str]:
    """A model's figures and settings as words, in the order of the table."""
    metrics, recipe = model.metrics, model.recipe
    pairs, all_pairs = metrics.get("tutorial_pairs", {}), metrics.get("all_pairs", {})
    retrieval = metrics.get("retrieval", {})
    figures = {
        say("models.right"): percent(pairs.get("accuracy")),
        say("models.row_half"): percent(pairs.get("accuracy_at_half")),
        say("models.row_auc"): decimals(pairs.get("auc")),
        say("models.row_balanced"): percent(all_pairs.get("balanced_accuracy")),
        say("models.row_all_auc"): decimals(all_pairs.get("auc")),
        say("models.row_eer"): percent(all_pairs.get("eer")),
        say("models.row_recall"): percent(retrieval.get("recall_at_1")),
        say("models.row_map"): decimals(retrieval.get("map")),
        say("models.row_threshold"): decimals(model.threshold),
        say("models.row_seconds"): "–" if "seconds" not in metrics else write_number(metrics["seconds"]),
        say("models.row_parameters"): "–" if "parameters" not in metrics else write_number(metrics["parameters"]),
    }
    settings = {"recipe": recipe.name, "seed": model.seed, **recipe.to_dict()}
    del settings["name"]
    return figures | {say(f"setting.{name}"): "–" if value is None else str(value) for name, value in settings.items()}


def percent(value: float | None) -> str:
    """`0.9412` as `94.12 %`, or a dash."""
    return "–" if value is None else write_share(value, 2)


def decimals(value: float | None) -> str:
    """Four decimals, or a dash."""
    return "–" if value is None else write_number(value, 4)
