"""The command line: `python -m siamese_core --help`."""

import json
import resource
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import numpy as np

from siamese_core import artifacts
from siamese_core.answers import distance_answer, search_answer
from siamese_core.artifacts import DEFAULT_NAME, list_names, load_bundle
from siamese_core.attendance import end_when_alone
from siamese_core.building import (
    MeasuringEvent,
    SavingEvent,
    build_bundle,
    draw_neighbours,
    find_familiarity,
    find_labels,
    measure,
    rebuild_bundle,
)
from siamese_core.bundle import Bundle
from siamese_core.checkpoint import Checkpoint
from siamese_core.collection import Collection
from siamese_core.config import RECIPES, check_bounds
from siamese_core.control import Control
from siamese_core.data import CLASS_NAMES, load_collection, open_collection
from siamese_core.errors import BundleError, SiameseError
from siamese_core.exporting import ENDINGS, PARITY_IMAGES, export
from siamese_core.gallery import Gallery
from siamese_core.images import MAX_BYTES, load_image
from siamese_core.packing import MAX_BYTES as MAX_PACK_BYTES
from siamese_core.packing import pack_bundle, read_pack
from siamese_core.reports import JsonReport, TextReport
from siamese_core.warm_up import warm_up

MODEL = click.option("--model", default=DEFAULT_NAME, show_default=True, metavar="NAME", help="The model that decides.")
FILE = click.Path(dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
UNFAMILIAR = "{} is unlike anything in the data: what is said of it means little."
ITEM_HELP = "is an image file (PNG, JPEG, WebP, GIF) or an item of the data set such as test:123 or train:45."


class _Group(click.Group):
    """Commands whose errors of the user's making end in one line and exit code 2, never a traceback."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except SiameseError as error:
            click.echo(f"siamese_core: {error}", err=True)
            context.exit(2)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Siamese networks with contrastive loss on Fashion-MNIST: train, compare, search, evaluate."""


@main.command()
@JSON
def data(as_json: bool) -> None:
    """Find Fashion-MNIST on this machine, or download it, and verify every file."""
    collection = load_collection()
    counts = {name: len(collection.split(name)) for name in ("train", "test")}
    _print(
        {"name": collection.name, "source": collection.source, **counts, "fingerprint": collection.fingerprint},
        as_json,
        f"{collection.name}: {counts['train']} training and {counts['test']} test images in {collection.source}",
    )


@main.command()
@click.option("--recipe", type=click.Choice(list(RECIPES)), default="fast", show_default=True, help="What to train.")
@click.option("--name", required=True, help="The new model's name: small letters, digits, hyphens.")
@click.option("--epochs", type=int, help="How often everything is seen.")
@click.option("--margin", type=float, help="How far different items are pushed (recipes with a margin).")
@click.option("--batch-size", type=int, help="Pairs (classic) or images a step.")
@click.option("--learning-rate", type=float, help="The highest rate.")
@click.option("--seed", type=int, default=0, show_default=True, help="Same seed, same machine: same pairs, same order.")
@click.option("--hold-out", default="", metavar="CLASSES", help='Classes never trained on, such as "Dress,Sneaker".')
@click.option("--replace", is_flag=True, help="Replace a model of this name.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON event a line.")
@click.option("--max-seconds", type=float, help="End after this time and keep the best epoch.")
@click.option("--one-epoch", is_flag=True, hidden=True, help="Pause after the first epoch; see the module control.")
@click.option("--checkpoint", type=FILE, help="Where each epoch leaves what it takes to go on.")
@click.option("--resume", is_flag=True, help="Go on from there.")
@click.option("--map", "map_folder", type=FOLDER, hidden=True, help="Where the map can be watched.")
@click.option("--attended", type=FILE, hidden=True, help="End when nobody is there, see the module attendance.")
def train(
    recipe: str,
    name: str,
    seed: int,
    hold_out: str,
    replace: bool,
    as_json: bool,
    max_seconds: float | None,
    one_epoch: bool,
    checkpoint: Path | None,
    resume: bool,
    map_folder: Path | None,
    attended: Path | None,
    **changes: float | None,
) -> None:
    """Train a model. Ctrl-C stops early and keeps the best epoch so far."""
    if resume and not checkpoint:
        raise click.UsageError("--resume goes on from what --checkpoint names; give that file too.")
    chosen = RECIPES[recipe].changed(**changes)
    check_bounds("seed", seed)
    held_out = [class_name.strip() for class_name in hold_out.split(",") if class_name.strip()]
    find_labels(held_out, CLASS_NAMES)  # a mistake is told before the data are opened
    if artifacts.exists(name) and not replace:
        raise BundleError(f"There is a model {name!r} already; choose another name or add --replace.")
    report = JsonReport() if as_json else TextReport()
    control = Control(on_pause=report.paused, last_word=report.ended, one_epoch=one_epoch, max_seconds=max_seconds)
    if attended:
        end_when_alone(attended, report.left_alone)

    def on_event(event: Any) -> None:
        if type(event).__name__ == "EpochEvent" and event.epoch > epochs_before:  # earlier ones are told again
            control.epoch_ended()
        if isinstance(event, MeasuringEvent) and checkpoint:
            control.until_measured()
        if isinstance(event, SavingEvent):
            control.saving()
        report.event(event)

    try:
        resumed = Checkpoint.load(checkpoint) if resume and checkpoint else None
        epochs_before = len(resumed.history) if resumed else 0
        if resumed is None:
            control.until_first_epoch()
        collection = load_collection()
        report.started(name, chosen.to_dict(), seed)
        bundle = build_bundle(
            chosen,
            name,
            collection,
            seed=seed,
            held_out=held_out,
            on_event=on_event,
            should_stop=control.should_stop,
            on_checkpoint=(lambda state: state.save(checkpoint)) if checkpoint else None,
            resumed=resumed,
            map_folder=map_folder,
        )
        if bundle:  # else the first host of several has it
            _hand_over(bundle, report, control, stopped_by=control.reason)
    except SiameseError as error:
        report.failed(str(error))
        raise


@main.command()
@click.option("--recipe", type=click.Choice(list(RECIPES)), default="fast", show_default=True, help="What to train.")
@click.option("--batch-size", type=int, help="Pairs (classic) or images a step.")
@JSON
def pace(recipe: str, batch_size: int | None, as_json: bool) -> None:
    """Measure in a few seconds how long a recipe takes on this machine."""
    chosen = RECIPES[recipe].changed(batch_size=batch_size)
    found = warm_up(chosen, load_collection())
    text = f"{recipe}: {found.epoch:.2f} s an epoch after {found.waking:.1f} s of waking up; "
    text += f"{chosen.epochs} epochs take {found.seconds(chosen.epochs):.0f} s"
    _print(asdict(found), as_json, text)


@main.command()
@click.argument("pack", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--name", required=True, help="The model's name here: small letters, digits, hyphens.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON event a line.")
@click.option("--max-seconds", type=float, hidden=True, help="End after this much computing.")
@click.option("--attended", type=FILE, hidden=True, help="End when nobody is there, see the module attendance.")
def install(pack: Path, name: str, as_json: bool, max_seconds: float | None, attended: Path | None) -> None:
    """Take in PACK, a model's file that `pack` wrote: its weights are checked, everything else is made anew."""
    if artifacts.exists(name):
        raise BundleError(f"There is a model {name!r} already; choose another name.")
    if max_seconds:
        resource.setrlimit(resource.RLIMIT_CPU, (max(1, int(max_seconds)),) * 2)
    report = JsonReport() if as_json else TextReport()
    if attended:
        end_when_alone(attended, report.left_alone)
    control = Control(last_word=report.ended)
    control.until_made()

    def on_event(event: Any) -> None:
        if isinstance(event, SavingEvent):
            control.saving()
        report.event(event)

    try:
        with pack.open("rb") as file:
            taken = read_pack(file.read(MAX_PACK_BYTES + 1))  # which is enough to see that it is too large
        report.started(name, taken.recipe.to_dict(), taken.seed)
        bundle = rebuild_bundle(taken, name, load_collection(), on_event=on_event)
        _hand_over(bundle, report, control, stopped_by=None)
    except SiameseError as error:
        report.failed(str(error))
        raise


@main.command()
@click.argument("name")
@click.option("--to", type=FILE, help="The file to write; NAME.zip when left out.")
@JSON
def pack(name: str, to: Path | None, as_json: bool) -> None:
    """Write the model NAME as one file, which `install` and the app take in."""
    content, path = pack_bundle(name), to or Path(f"{name}.zip")
    path.write_bytes(content)
    _print({"path": str(path), "bytes": len(content)}, as_json, f"{path}: {len(content) / 1e6:.1f} MB")


@main.command()
@click.option("--verify", is_flag=True, help="Open the encoders too, and exit with 2 if a model is damaged.")
@JSON
def models(verify: bool, as_json: bool) -> None:
    """List the models with their figures; damaged ones are named."""
    rows, problems = [], []
    for name in list_names():
        try:
            bundle = load_bundle(name)
            if verify:
                bundle.encoder  # noqa: B018 - opening it is the check
        except BundleError as error:
            problems.append({"name": name, "problem": str(error)})
            continue
        rows.append(
            {
                "name": name,
                "recipe": bundle.recipe.name,
                "threshold": bundle.threshold,
                "tutorial_accuracy": bundle.metrics["tutorial_pairs"]["accuracy"],
                "balanced_accuracy": bundle.metrics["all_pairs"]["balanced_accuracy"],
                "auc": bundle.metrics["all_pairs"]["auc"],
                "recall_at_1": bundle.metrics["retrieval"]["recall_at_1"],
                "bytes": bundle.size,
            }
        )
    lines = [f"{'name':<20} {'recipe':<8} threshold  pairs right  all pairs  AUC     R@1"]
    lines += [
        f"{row['name']:<20} {row['recipe']:<8} {row['threshold']:<9.4f}  {row['tutorial_accuracy']:<11.2%}  "
        f"{row['balanced_accuracy']:<9.2%}  {row['auc']:.4f}  {row['recall_at_1']:.4f}"
        for row in rows
    ]
    lines += [f"damaged: {problem['problem']}" for problem in problems]
    _print(rows + problems, as_json, "\n".join(lines))
    if verify and problems:
        sys.exit(2)


@main.command()
@click.argument("name", default=DEFAULT_NAME)
@JSON
def evaluate(name: str, as_json: bool) -> None:
    """Measure the model NAME anew over the 10,000 test images and all their 49,995,000 pairs.

    Figures of its twins are told as they were saved.
    """
    bundle, test = load_bundle(name), load_collection().split("test")
    embeddings, unseen = bundle.encoder.embed(test.images), find_labels(bundle.held_out, CLASS_NAMES)
    figures = measure(embeddings, test.labels, bundle.threshold, bundle.calibration, unseen)
    twins = _name_twins(bundle)
    groups = figures | {f"a twin without {names}": told for names, told in twins.items()}
    lines = [f"{group}.{key}: {value:.6g}" for group, values in groups.items() for key, value in values.items()]
    _print(figures | {"twins": twins}, as_json, "\n".join(lines))


@main.command("map")
@click.argument("name", default=DEFAULT_NAME)
@JSON
def draw(name: str, as_json: bool) -> None:
    """Draw the map of the model NAME where it was saved without one; its earlier epochs only a training can draw."""
    bundle = draw_neighbours(name)
    epochs = bundle.embedding_map.epochs.tolist() if bundle.embedding_map else []
    _print({"name": name, "epochs": epochs}, as_json, f"{name} has a map, with {len(epochs)} of its epochs.")


@main.command("twin")
@click.argument("name")
@click.argument("twin")
@JSON
def tell_of_twin(name: str, twin: str, as_json: bool) -> None:
    """Have the model NAME tell what TWIN, trained alike but with --hold-out, makes of the classes it never saw."""
    twins = _name_twins(artifacts.save_twin(name, twin))
    _print({"name": name, "twins": twins}, as_json, f"{name} tells of classes never seen: {'; '.join(twins)}.")


@main.command("familiarity")
@click.argument("name", default=DEFAULT_NAME)
@JSON
def teach_familiarity(name: str, as_json: bool) -> None:
    """Teach the model NAME to tell pictures like the data from others, where it was saved without."""
    bundle = load_bundle(name)
    known = bundle.familiarity or find_familiarity(load_collection())
    if bundle.familiarity is None:
        artifacts.save_familiarity(name, known)
    _print({"name": name, "threshold": known.threshold}, as_json, f"{name} can tell what is like the data.")


@main.command(epilog=f"Each of A and B {ITEM_HELP}")
@click.argument("a")
@click.argument("b")
@MODEL
@click.option(
    "--base-rate",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.5,
    show_default=True,
    help="The share of same pairs you expect.",
)
@click.option(
    "--sureness",
    type=click.FloatRange(0.5, 1, max_open=True),
    default=0.5,
    show_default=True,
    help="The verdict is 'not sure' where neither answer is as probable as this.",
)
@JSON
def distance(a: str, b: str, model: str, base_rate: float, sureness: float, as_json: bool) -> None:
    """Distance between A and B, whether the model calls them the same, and how sure that is."""
    bundle, collection = load_bundle(model), open_collection()
    images = np.stack([_open_item(reference, collection) for reference in (a, b)])
    answer = distance_answer(bundle, images, base_rate=base_rate, sureness=sureness)
    strange = [name for name, known in ((a, answer["familiar_a"]), (b, answer["familiar_b"])) if known is False]
    _print(
        answer,
        as_json,
        "{distance:.4f}  {verdict}, P(same) {p_same:.3f} (threshold {threshold:.4f}, {model})".format(**answer)
        + "".join(f"\n{UNFAMILIAR.format(name)}" for name in strange),
    )


@main.command(epilog=f"Each IMAGE {ITEM_HELP}")
@click.argument("images", nargs=-1, required=True, metavar="IMAGE...")
@click.option("-k", type=click.IntRange(1, 1_000), default=10, show_default=True, help="Neighbours wanted.")
@MODEL
@JSON
def search(images: tuple[str, ...], k: int, model: str, as_json: bool) -> None:
    """The nearest test items and classes of each IMAGE, nearest first."""
    bundle, collection = load_bundle(model), open_collection()
    test = collection.split("test")
    gallery = Gallery(bundle.gallery_embeddings[test.ids], test.labels, test.ids)
    pictures = np.stack([_open_item(reference, collection) for reference in images])
    results = search_answer(bundle, gallery, collection.class_names, pictures, references=images, k=k)
    text = "\n".join(
        f"{result['image']}: {result['classes'][0]['class']}\n"
        + (f"  {UNFAMILIAR.format('It')}\n" if result["familiar"] is False else "")
        + "\n".join(f"  {near['distance']:.4f}  {near['item']:<11} {near['class']}" for near in result["neighbours"])
        for result in results
    )
    _print(results, as_json, text)


@main.command(name="export")
@click.argument("name")
@click.option("--format", "format_name", type=click.Choice(list(ENDINGS)), required=True, help="What to write.")
@click.option(
    "--to", type=click.Path(path_type=Path), help="The file or folder to make; NAME and an ending if left out."
)
@click.option("--replace", is_flag=True, help="Replace what is there.")
@JSON
def export_model(name: str, format_name: str, to: Path | None, replace: bool, as_json: bool) -> None:
    """Write the model NAME, or its embeddings of the test images, in a format that other programs read.

    onnx, litert, keras and saved_model hold the network; what was written embeds 1,000 test images as the model does,
    or nothing is kept. projector is a folder for the Embedding Projector, npz and parquet are tables of embeddings.
    """
    try:
        made = export(name, format_name, open_collection(), to=to, replace=replace)
    except SiameseError as error:
        if as_json:  # for a parent process, which may tell it in another language
            click.echo(json.dumps(error.to_dict(), default=str))
        raise
    text = f"{made.path}: {made.size:,} bytes"
    if made.difference is not None:
        text += f", at most {made.difference:.1e} from the model over {PARITY_IMAGES:,} images"
    _print({"path": str(made.path), "bytes": made.size, "difference": made.difference}, as_json, text)


def _hand_over(bundle: Bundle, report: JsonReport | TextReport, control: Control, *, stopped_by: str | None) -> None:
    """Tell that a saved model can be used, and only then draw the map that it lacks; a stop leaves it out."""
    report.finished(bundle, stopped_by)
    control.let_go()
    if control.reason != "asked":
        report.drawing()
        report.drawn(draw_neighbours(bundle.name))


def _open_item(reference: str, collection: Collection) -> np.ndarray:
    """The image (28, 28) uint8 of `test:123`, `train:45` or an image file."""
    if reference.startswith(("test:", "train:")):
        return collection.image(reference)
    path = Path(reference)
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)  # which is enough to see that it is too large
    except OSError as error:
        raise click.BadParameter(f"{reference!r}: {error.strerror or 'not readable'}; {ITEM_HELP}") from error
    return load_image(content, path.name)


def _name_twins(bundle: Bundle) -> dict[str, dict[str, float]]:
    """What the twins of a model made of classes they never saw, by the names of these."""
    return {", ".join(names): told for names, told in bundle.twins.items()}


def _print(document: Any, as_json: bool, text: str) -> None:
    click.echo(json.dumps(document) if as_json else text)


if __name__ == "__main__":
    main(prog_name="python -m siamese_core")
