"""Train: start a run, watch it, and keep, compare or delete what came of it."""

from typing import Any

import streamlit as st

from app import cache
from app.chosen import chosen_model
from app.components.network_diagram import network_diagram
from app.models import open_bundles, show_comparison, show_models
from app.runs import show_run
from app.words import say, tell
from siamese_core import artifacts, jobs, runs
from siamese_core.artifacts import Bundle
from siamese_core.config import BOUNDS, RECIPES, Recipe
from siamese_core.errors import SiameseError

SECONDS_A_LOOK = 1.0


def number(label: str, name: str, value: float | None, *, key: str, **options: Any) -> float | int | None:
    """A number input within the bounds of a setting; switched off where the recipe has no such setting."""
    low, high = BOUNDS[name]
    kind = float if name in ("margin", "learning_rate") else int
    if value is None:
        st.number_input(label, value=None, placeholder=say("train.no_setting"), disabled=True, key=f"{key}_{name}")
        return None
    return st.number_input(label, kind(low), kind(high), kind(value), key=f"{key}_{name}", **options)


def show_form(running: bool) -> None:
    """The settings of a run; a submit starts it."""
    chosen = st.segmented_control(
        say("train.recipe"), list(RECIPES), default="fast", required=True, key="recipe", bind="query-params"
    )
    recipe = RECIPES.get(chosen, RECIPES["fast"])
    st.caption(say(f"train.recipe_{recipe.name}"))
    with st.form("train", border=False):
        settings = read_settings(recipe)
        submitted = st.form_submit_button(
            say("train.start"), key="start", icon=":material/play_arrow:", disabled=running
        )
    if running:
        st.caption(say("train.busy"))
    if submitted and not running:
        start_run(recipe, settings)


def read_settings(recipe: Recipe) -> dict[str, Any]:
    """The inputs of the form, with the recipe's own values to begin with."""
    key = f"train_{recipe.name}"
    left, right = st.columns(2)
    with left:
        epochs = number(say("train.epochs"), "epochs", recipe.epochs, key=key)
        rate = number(say("train.rate"), "learning_rate", recipe.learning_rate, key=key, step=0.0005, format="%.4f")
        seed = number(say("train.seed"), "seed", 0, key=key)
    with right:
        batch = number(say("train.batch"), "batch_size", recipe.batch_size, key=key)
        margin = number(say("train.margin"), "margin", recipe.margin, key=key, step=0.1, format="%.2f")
        name = st.text_input(say("train.name"), max_chars=64, key=suggest_name(recipe.name))
    return {
        "name": name,
        "epochs": epochs,
        "margin": margin,
        "batch_size": batch,
        "learning_rate": rate,
        "seed": seed,
    }


def suggest_name(recipe: str) -> str:
    """The key of the name's input, which holds a free name until the visitor writes another one."""
    key = f"train_{recipe}_name"
    if key not in st.session_state or st.session_state[key] == st.session_state.get("started_name"):
        st.session_state[key] = free_name(recipe)
    return key


def free_name(recipe: str) -> str:
    """A name that no model has yet, nor the run that is going on."""
    taken = {*cache.model_names(), st.session_state.get("started_name")}
    numbers = (f"my-{recipe}{'' if count == 1 else f'-{count}'}" for count in range(1, len(taken) + 2))
    return next(name for name in numbers if name not in taken)


def start_run(recipe: Recipe, settings: dict[str, Any]) -> None:
    """Start a run with what the visitor has asked for, or say why not."""
    try:
        name = artifacts.check_name((settings.pop("name") or "").strip())
        jobs.start(recipe.name, name, **settings)
        st.session_state["started_name"] = name
    except SiameseError as error:
        st.error(tell(error), icon=":material/error:")
    else:
        st.rerun()


def show_network(model: Bundle) -> None:
    """The diagram of a model's layers."""
    st.header(say("train.network", name=model.name), anchor=False)
    layers = model.config["layers"]
    branches = any(len(layer.get("inputs", [])) > 1 for layer in layers)
    st.caption(say("train.network_note_branches" if branches else "train.network_note"))
    network_diagram(layers, key="diagram")


running = runs.current() is not None
form, live = st.columns([2, 3], gap="large")
with form:
    show_form(running)
with live:
    st.fragment(show_run, run_every=SECONDS_A_LOOK if running else None)()

st.header(say("train.models"), anchor=False)
bundles = open_bundles()
if bundles:
    show_models(bundles)
    show_comparison(bundles)
    show_network(chosen_model())
