"""The models there are and the runs that made them: choose, take away, bring back, rename, compare, delete."""

from collections.abc import Callable
from decimal import Decimal

import streamlit as st

from app import cache
from app.chosen import chosen_model, forget_threshold, use_model
from app.components.models_beside import models_beside
from app.exports import offer_export
from app.operator import limits
from app.runs import offer_resume
from app.words import say, tell, write_number, write_seconds, write_share
from siamese_core import artifacts, jobs, runs
from siamese_core.bundle import Bundle
from siamese_core.errors import SiameseError
from siamese_core.packing import pack_bundle
from siamese_core.runs import Run
from siamese_core.training_library import can_train

MEGABYTE = 1_000_000
CURVES = ("loss", "accuracy", "auc")


def open_bundles() -> list[Bundle]:
    """Every model that can be used."""
    return [model for name in cache.model_names() if (model := cache.first_usable([name]))]


def show_models(bundles: list[Bundle]) -> None:
    """A card for each model, and for each run that has left none."""
    chosen = chosen_model().name if bundles else None
    known = {run.name: run for run in reversed([*runs.read_all()])}
    with st.grid(min_column_width=250):
        for model in bundles:
            with st.container(border=True, key=f"model_{model.name}"):
                show_model(model, known.get(model.name), chosen=model.name == chosen)
        for run in known.values():
            if run.state == "failed" and run.name not in cache.model_names():
                with st.container(border=True, key=f"model_{run.name}"):
                    show_leftover(run)


def show_model(model: Bundle, run: Run | None, *, chosen: bool) -> None:
    """One model: its figures, and what can be done with it."""
    metrics = model.metrics
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{model.name}**", width="content")
        if chosen:
            st.badge(say("models.in_use"), color="blue")
    pairs = metrics.get("tutorial_pairs", {})
    st.metric(say("models.right"), write_share(pairs["accuracy"]) if "accuracy" in pairs else None)
    threshold = write_number(model.threshold, 2)
    st.caption(say("models.caption", recipe=model.recipe.name, seed=model.seed, threshold=threshold))
    seconds = write_seconds(metrics["seconds"]) if "seconds" in metrics else "–"
    st.caption(say("models.cost", seconds=seconds, size=write_number(model.size / MEGABYTE, 1)))
    with st.container(horizontal=True, gap="small"):
        st.button(say("models.use"), key=f"use_{model.name}", disabled=chosen, on_click=use_model, args=(model.name,))
        offer_export(model)
        if run:
            offer_resume(run, key=model.name)
        show_menu(model.name, shipped=model.shipped)


def show_leftover(run: Run) -> None:
    """A run that failed: what is left of it."""
    st.markdown(f"**{run.name}**")
    st.caption(say("models.failed", recipe=run.recipe.name, seed=run.settings["seed"], done=len(run.epochs)))
    with st.container(horizontal=True, gap="small"):
        offer_resume(run, key=run.name)
        if not limits().read_only:
            st.button(say("models.delete"), key=f"delete_{run.name}", on_click=delete_model, args=(run.name,))


def show_menu(name: str, *, shipped: bool) -> None:
    """What is done to a model more seldom."""
    with st.popover(say("models.more"), icon=":material/more_horiz:"):
        st.download_button(
            say("models.download"),
            lambda: pack_bundle(name),
            f"{name}.zip",
            "application/zip",
            key=f"download_{name}",
            icon=":material/download:",
            on_click="ignore",
        )
        if shipped or limits().read_only:
            return
        st.divider()
        renamed = st.text_input(say("models.new_name"), name, max_chars=64, key=f"new_name_{name}")
        st.button(say("models.rename"), key=f"rename_{name}", on_click=rename_model, args=(name, renamed))
        st.divider()
        st.write(say("models.delete_ask", name=name))
        st.button(say("models.delete_it"), key=f"delete_{name}", on_click=delete_model, args=(name,))


def offer_upload(running: bool) -> None:
    """Take in a model that was downloaded here or elsewhere; it is checked, and made anew from its weights."""
    if limits().read_only or not can_train():
        return
    with st.popover(say("models.upload"), icon=":material/upload:"):
        st.caption(say("models.upload_note"))
        file = st.file_uploader(say("models.upload_file"), type=[".zip"], key="upload")
        name = st.text_input(say("models.upload_name"), max_chars=64, key="upload_name")
        if running:
            st.caption(say("train.busy"))
        if st.button(say("models.upload_now"), key="upload_now", disabled=running or file is None) and file:
            try:
                jobs.install(file.getvalue(), artifacts.check_name(name.strip()), limits=limits())
            except SiameseError as error:
                st.error(tell(error), icon=":material/error:")
            else:
                st.rerun()


def rename_model(name: str, new_name: str) -> None:
    """Give a model another name; whoever uses it goes on using it."""
    if attempt(lambda: jobs.rename(name, new_name.strip(), limits=limits())) and st.session_state.get("model") == name:
        st.session_state["model"] = new_name.strip()


def delete_model(name: str) -> None:
    """Delete a visitor's own model; the app goes back to the first one when it was in use."""
    if attempt(lambda: jobs.delete(name, limits=limits())) and st.session_state.get("model") == name:
        st.session_state.pop("model")
        if names := cache.model_names():
            st.session_state["model"] = names[0]
        forget_threshold()


def attempt(change: Callable[[], None]) -> bool:
    """Make a change; where it is refused, say why and give False."""
    try:
        change()
    except SiameseError as error:
        st.toast(tell(error), icon=":material/error:")
        return False
    return True


def show_comparison(bundles: list[Bundle]) -> None:
    """The chosen models side by side: how they learned, their figures, and the settings in which they differ."""
    names = [model.name for model in bundles]
    picked = st.multiselect(say("models.beside"), names, default=names[:2], key="compared")
    beside = [model for model in bundles if model.name in picked]
    if not beside:
        return
    figures, settings = list(map(describe, beside)), list(map(describe_settings, beside))
    rows = {label: [one[label] for one in figures] for label in figures[0]}
    for label in settings[0]:
        values = [one[label] for one in settings]
        if len(beside) == 1 or len(set(values)) > 1:
            rows[label] = values
    models_beside(
        {model.name: model.history for model in beside},
        {figure: say(f"live.{figure}") for figure in CURVES},
        rows,
        key="comparison",
    )


def describe(model: Bundle) -> dict[str, str]:
    """A model's figures as words, in the order of the table."""
    metrics = model.metrics
    pairs, all_pairs = metrics.get("tutorial_pairs", {}), metrics.get("all_pairs", {})
    retrieval = metrics.get("retrieval", {})
    return {
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


def describe_settings(model: Bundle) -> dict[str, str]:
    """What a model was made with, as words."""
    settings = {"recipe": model.recipe.name, "seed": model.seed, **model.recipe.to_dict()}
    del settings["name"]
    return {say(f"setting.{name}"): write_setting(value) for name, value in settings.items()}


def write_setting(value: object) -> str:
    """A setting's value as words; a number with the digits it was set with."""
    match value:
        case None:
            return "–"
        case bool():
            return say("models.yes") if value else say("models.no")
        case float():
            return write_number(value, decimals=-int(Decimal(repr(value)).as_tuple().exponent))
        case _:
            return str(value)


def percent(value: float | None) -> str:
    """`0.9412` as `94.12 %`, or a dash."""
    return "–" if value is None else write_share(value, 2)


def decimals(value: float | None) -> str:
    """Four decimals, or a dash."""
    return "–" if value is None else write_number(value, 4)
