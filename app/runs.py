"""A training run as a visitor follows and steers it: the running one, or the last."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import streamlit as st

from app import cache
from app.chosen import chosen_model, use_model
from app.components.distance_histograms import distance_histograms
from app.components.figure_tiles import FigureTile, figure_tiles
from app.components.moving_map import moving_map
from app.map_files import items_url, watched_url
from app.operator import limits
from app.refusals import told_to_visitor
from app.words import name_classes, say, tell, write_number, write_seconds, write_share
from siamese_core import jobs, runs
from siamese_core.config import BOUNDS
from siamese_core.errors import RunError, SiameseError
from siamese_core.moving_map import watched_epochs
from siamese_core.pace import seconds_left
from siamese_core.runs import Run
from siamese_core.training_library import can_train


@told_to_visitor()
def show_run() -> None:
    """The running or the last run: how far it is, what it has learned, and what can be done with it."""
    run = runs.latest()
    if run is None:
        st.markdown(say("live.invitation"))
        if cache.model_names():
            model = chosen_model()
            st.markdown(say("live.history", name=model.name))
            show_figures(model.history)
        return
    watched, seen = st.session_state.get("watched"), (run.id, stage_of(run))
    st.session_state["watched"] = seen
    if watched and watched != seen:
        st.rerun()  # there is a model now, or nothing runs any more, or again: list of models and form have to know
    if run.state == "running":
        show_progress(run)
    else:
        show_end(run)
    show_figures(run.epochs, run if stage_of(run) == "training" else None)
    show_moving_map(run)


def show_moving_map(run: Run) -> None:
    """Where the newest epoch of a run puts the test items; a run may know more of them than this server's sample."""
    epochs = watched_epochs(runs.map_folder(run.id))
    if epochs and cache.collection().complete:
        moving_map(
            items=items_url(),
            places=watched_url(run),
            run=run.id,
            epochs=epochs,
            class_names=name_classes(cache.collection().class_names),
            key="moving_map",
        )


def stage_of(run: Run) -> str:
    """What of a run the rest of the page has to know: whether it trains, draws the map of its model, or is over."""
    return "training" if run.state == "running" and run.phase != "drawing" else run.phase


def show_progress(run: Run) -> None:
    """How far a running run is, and its buttons."""
    if run.phase == "drawing":
        show_drawing(run)
        return
    share, words = progress(run)
    is_stopping = st.session_state.get("stop_asked") == (run.id, run.phase)
    words = say("live.stopping") if is_stopping else words
    st.progress(share, say("live.training", name=run.name, progress=words))
    is_deaf = is_stopping or run.phase in ("waking", "measuring") or limits().read_only
    with st.container(horizontal=True, gap="small"):
        if run.phase == "paused":
            order_button("play", ":material/play_arrow:", jobs.play, run, disabled=is_deaf)
        else:
            order_button("pause", ":material/pause:", jobs.pause, run, disabled=is_deaf)
        order_button("step", ":material/skip_next:", jobs.step, run, disabled=is_deaf)
        st.button(
            say("live.stop"),
            key="stop_training",
            icon=":material/stop_circle:",
            help=say("live.stop_measuring_help" if run.phase == "measuring" else "live.stop_help"),
            disabled=is_stopping or limits().read_only,
            on_click=stop_run,
            args=(run,),
        )


def show_drawing(run: Run) -> None:
    """What a run does last, when its model can be used already."""
    st.progress(1.0, say("live.drawing", name=run.name))
    with st.container(horizontal=True, gap="small"):
        offer_use(run)
        st.button(
            say("live.leave_out"),
            key="leave_out",
            icon=":material/stop_circle:",
            disabled=limits().read_only,
            on_click=give_order,
            args=(jobs.stop, run.id),
        )


def offer_use(run: Run) -> None:
    """Let the visitor use the model that a run has made."""
    if run.name in cache.model_names() and run.name != chosen_model().name:
        st.button(say("live.use", name=run.name), key="use_of_run", on_click=use_model, args=(run.name,))


def order_button(name: str, icon: str, order: Callable[[str], None], run: Run, *, disabled: bool) -> None:
    """A button that gives a run an order."""
    st.button(
        say(f"live.{name}"),
        key=name,
        icon=icon,
        help=say(f"live.{name}_help"),
        disabled=disabled,
        on_click=give_order,
        args=(order, run.id),
    )


def give_order(order: Callable[[str], None], run_id: str) -> None:
    """Give a run an order, or say why it cannot be given."""
    try:
        limits().check_writable()
        order(run_id)
    except SiameseError as error:
        st.toast(tell(error))


def stop_run(run: Run) -> None:
    """Ask the run to stop: while it trains it then measures its best epoch, while it measures it ends at once."""

    def stop(run_id: str) -> None:
        jobs.stop(run_id)
        st.session_state["stop_asked"] = (run_id, run.phase)

    give_order(stop, run.id)


def show_end(run: Run) -> None:
    """How a run has ended, and what comes next."""
    if run.state == "failed":
        st.error(tell(RunError(run.message or "")), icon=":material/error:")
    else:
        reason = "time" if run.stopped_by == "time" else "asked"
        ended = say("live.done", name=run.name) if run.state == "done" else say(f"live.stopped_{reason}", name=run.name)
        st.success(ended, icon=":material/check:")
    with st.container(horizontal=True, gap="small"):
        offer_use(run)
        offer_resume(run, key="newest_run")


def offer_resume(run: Run, *, key: str) -> None:
    """Let a run that has ended go on, for more epochs where it has done all; a failed one may lack its model only.

    The widgets are told apart by the key: a run's name, or what no name can be, since names have no underscore.
    """
    highest = min(int(BOUNDS["epochs"][1]), limits().max_epochs)
    done = len(run.epochs)
    least = done if run.state == "failed" else done + 1
    if not run.resumable or limits().read_only or not can_train() or least > highest:
        return
    with st.popover(say("live.resume"), icon=":material/resume:"):
        wanted = min(max(run.recipe.epochs, least), highest)
        epochs = st.number_input(say("live.resume_to"), least, highest, wanted, key=f"resume_epochs_{key}")
        st.caption(say("live.resume_note", done=done))
        st.button(say("live.resume_now"), key=f"resume_{key}", type="primary", on_click=resume_run, args=(run, epochs))


def resume_run(run: Run, epochs: int) -> None:
    """Let a run go on, or say why it cannot."""
    try:
        jobs.resume(run.id, epochs=epochs, limits=limits())
    except SiameseError as error:
        st.toast(tell(error))
    else:
        st.session_state.pop("stop_asked", None)


def progress(run: Run) -> tuple[float, str]:
    """The share of a running run that is done, and words for it."""
    if run.phase == "waking":
        return 0.0, say("live.waking")
    epochs, done, last = run.recipe.epochs, len(run.epochs), run.progress
    within = last["step"] / last["steps"] if last and last["epoch"] == done + 1 and last["steps"] else 0.0
    share = min(1.0, (done + within) / epochs)
    if run.phase == "measuring":
        return share, say("live.measuring")
    if run.phase == "paused":
        return share, say("live.paused", epoch=done + 1 if within else done, epochs=epochs)
    return share, say("live.epoch_of", epoch=min(done + 1, epochs), epochs=epochs)


def show_figures(epochs: Sequence[Mapping[str, Any]], run: Run | None = None) -> None:
    """The two hills of distances, and the newest figures as tiles, the first ones with their course over the epochs.

    Args:
        epochs: the epochs there are.
        run: the run they are of while it is going on.
    """
    now = (run.progress if run else None) or (epochs[-1] if epochs else None)
    if now is None:
        return
    if epochs and "histogram" in epochs[-1]:
        farthest = max(epoch["histogram"]["limit"] for epoch in epochs)
        distance_histograms(epochs[-1], limit=farthest, key="hills")
    figure_tiles(list(find_tiles(epochs, now, run)), key="tiles")


def find_tiles(epochs: Sequence[Mapping[str, Any]], now: Mapping[str, Any], run: Run | None) -> Iterator[FigureTile]:
    """The newest figures, the first ones with their course; arguments as above, `now` the newest word of the run."""
    losses = [epoch["loss"] for epoch in epochs]
    is_under_way = run is not None and now["epoch"] == len(epochs) + 1
    yield tile("loss", write_number(now["loss"], 3), [*losses, now["loss"]] if is_under_way else losses)
    if epochs:
        yield tile("auc", write_number(epochs[-1]["auc"], 4), [epoch["auc"] for epoch in epochs])
        yield tile("accuracy", write_share(epochs[-1]["accuracy"]), [epoch["accuracy"] for epoch in epochs])
    if "learning_rate" in now:
        yield tile("rate", write_number(now["learning_rate"], 5))
    yield tile("speed", write_number(now["images_per_second"]))
    left = seconds_left(run) if run else None
    if left is not None:
        yield tile("left", write_seconds(left))


def tile(name: str, value: str, course: Sequence[float] = ()) -> FigureTile:
    """A figure by its name in the catalogue."""
    return FigureTile(say(f"live.{name}"), value, tuple(course))
