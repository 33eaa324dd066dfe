"""Train: start a run, watch it, and keep, compare or delete what came of it."""

import re
from typing import Any

import streamlit as st

from app import cache
from app.chosen import chosen_model
from app.components.network_diagram import network_diagram
from app.models import offer_upload, open_bundles, show_comparison, show_models
from app.operator import limits
from app.refusals import told_to_visitor
from app.runs import show_run
from app.words import say, tell, write_seconds
from siamese_core import artifacts, jobs, runs
from siamese_core.bundle import Bundle
from siamese_core.config import BOUNDS, RECIPES, Recipe
from siamese_core.errors import SiameseError
from siamese_core.pace import estimate_seconds, known_pace
from siamese_core.runs import CHANGEABLE
from siamese_core.training_library import can_train
from siamese_core.warm_up import measure_pace

SECONDS_A_LOOK = 1.0
STEPS: dict[str, dict[str, Any]] = {
    "epochs": {},
    "batch_size": {},
    "margin": {"step": 0.1, "format": "%.2f"},
    "learning_rate": {"step": 0.0005, "format": "%.4f"},
    "seed": {},
}
"""The settings a visitor may change, by the names they have in the address."""
_NUMBER = re.compile(r"\d{1,10}(\.\d{1,9})?")


def chosen_recipe() -> Recipe:
    """The recipe that is chosen, as it comes."""
    return RECIPES.get(st.session_state.get("recipe") or "", RECIPES["fast"])


def number(recipe: Recipe, name: str) -> float | int | None:
    """A number input within the bounds of a setting; switched off where the recipe has no such setting."""
    label, own = say(f"setting.{name}"), own_value(recipe, name)
    if own is None:
        st.number_input(label, value=None, placeholder=say("train.no_setting"), disabled=True, key=f"no_{name}")
        return None
    if name not in st.session_state and name not in st.query_params:
        st.session_state[name] = own
    kind = type(own)
    return st.number_input(
        label,
        kind(BOUNDS[name][0]),
        kind(highest(name)),
        value=None,  # so that each setting stands in the address, whatever the recipe has
        placeholder=str(own),
        required=True,
        key=name,
        bind="query-params",
        **STEPS[name],
    )


def own_value(recipe: Recipe, name: str) -> float | int | None:
    """What the recipe has, or as much of it as the operator allows; None for what it has not."""
    value = 0 if name == "seed" else getattr(recipe, name)
    kind = float if name in ("margin", "learning_rate") else int
    return None if value is None else kind(min(value, highest(name)))


def take_recipes_own() -> None:
    """Set every setting but the seed to what the newly chosen recipe has."""
    for name in CHANGEABLE:
        own = own_value(chosen_recipe(), name)
        if own is not None:
            st.session_state[name] = own


def highest(name: str) -> float:
    """The most a visitor may ask for."""
    allowed = {"epochs": limits().max_epochs, "batch_size": limits().max_batch_size}
    return min(BOUNDS[name][1], allowed.get(name, BOUNDS[name][1]))


def forget_what_is_no_number() -> None:
    """Take settings out of the address that Streamlit would stumble over."""
    for name in STEPS:
        if name not in st.session_state and not _NUMBER.fullmatch(st.query_params.get(name, "0")):
            del st.query_params[name]
            st.rerun()


def show_form(running: bool) -> None:
    """The settings of a run, what it would take, and a button that starts it."""
    forget_what_is_no_number()
    st.segmented_control(
        say("train.recipe"),
        list(RECIPES),
        default="fast",
        required=True,
        key="recipe",
        bind="query-params",
        on_change=take_recipes_own,
    )
    recipe = chosen_recipe()
    st.caption(say(f"train.recipe_{recipe.name}"))
    settings = read_settings(recipe)
    show_estimate(recipe.changed(**{name: settings[name] for name in CHANGEABLE}), running=running)
    if limits().read_only:
        st.caption(say("train.read_only"))
        return
    with st.container(horizontal=True, gap="small"):
        switched_off = running or not can_train()
        starts = st.button(
            say("train.start"), key="start", icon=":material/play_arrow:", type="primary", disabled=switched_off
        )
        steps = st.button(say("train.start_step"), key="start_step", icon=":material/skip_next:", disabled=switched_off)
    if not can_train():
        st.caption(say("train.no_library"))
    elif running:
        st.caption(say("train.busy"))
    elif starts or steps:
        start_run(recipe, settings, one_epoch=steps)


def read_settings(recipe: Recipe) -> dict[str, Any]:
    """The inputs of the form, with the recipe's own values to begin with."""
    columns = st.columns(2)
    settings: dict[str, Any] = {}
    for at, name in enumerate(STEPS):
        with columns[at % 2]:
            settings[name] = number(recipe, name)
    with columns[1]:
        settings["seed"] = settings["seed"] or 0
        settings["name"] = st.text_input(say("train.name"), max_chars=64, key=suggest_name(recipe.name))
    return settings


def show_estimate(recipe: Recipe, *, running: bool) -> None:
    """How long the run will take on this machine, by a run like it or by a second of warming up."""
    seconds = estimate_seconds(recipe, runs.read_all())
    pace = known_pace(recipe)
    if seconds is not None:
        st.caption(say("train.estimate", time=write_seconds(seconds)))
    elif pace:
        st.caption(say("train.estimate_warm", time=write_seconds(pace.seconds(recipe.epochs))))
    else:
        offer_warm_up(recipe, running=running)


def offer_warm_up(recipe: Recipe, *, running: bool) -> None:
    """Nothing like this recipe has been seen on this machine: measure it."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(say("train.estimate_none"), width="content")
        if limits().read_only or not can_train():
            return
        asked = st.button(say("train.measure"), key="measure", icon=":material/speed:", disabled=running)
    if asked and not running:
        with st.spinner(say("train.warming")), told_to_visitor():
            measure_pace(recipe, limits=limits())
            st.rerun()


def suggest_name(recipe: str) -> str:
    """The key of the name's input, which holds a free name until the visitor writes another one."""
    key = f"train_{recipe}_name"
    if key not in st.session_state or st.session_state[key] == newest_name():
        st.session_state[key] = free_name(recipe)
    return key


def free_name(recipe: str) -> str:
    """A name that no model has yet, nor the run that is going on."""
    taken = {*cache.model_names(), newest_name()}
    numbers = (f"my-{recipe}{'' if count == 1 else f'-{count}'}" for count in range(1, len(taken) + 2))
    return next(name for name in numbers if name not in taken)


def newest_name() -> str | None:
    """The name that the newest run, whosoever it is, has taken."""
    run = runs.latest()
    return run.name if run else None


def start_run(recipe: Recipe, settings: dict[str, Any], *, one_epoch: bool) -> None:
    """Start a run with what the visitor has asked for, or say why not."""
    try:
        name = artifacts.check_name((settings["name"] or "").strip())
        jobs.start(
            recipe.name,
            **{**settings, "name": name},
            one_epoch=one_epoch,
            limits=limits(),
        )
    except SiameseError as error:
        st.error(tell(error), icon=":material/error:")
    else:
        st.session_state.pop("stop_asked", None)
        st.rerun()


def show_network(model: Bundle) -> None:
    """The diagram of a model's layers."""
    st.header(say("train.network", name=model.name), anchor=False)
    layers = model.config["layers"]
    branches = any(len(layer.get("inputs", [])) > 1 for layer in layers)
    st.caption(say("train.network_note_branches" if branches else "train.network_note"))
    network_diagram(layers, key="diagram")


running = runs.current() is not None
with st.container(key="bench_running" if running else "bench"):
    form, live = st.columns([2, 3], gap="large")
with form:
    show_form(running)
with live:
    st.fragment(show_run, run_every=SECONDS_A_LOOK if running else None)()

st.header(say("train.models"), anchor=False)
bundles = open_bundles()
show_models(bundles)
offer_upload(running)
if bundles:
    show_comparison(bundles)
    show_network(chosen_model())
