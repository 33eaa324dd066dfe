"""What it costs to train together: the same epochs by one process and by several on this machine, and a host's death.

    python benchmarks/hosts.py --recipe fast --images 20000 --counts 1 2

The processes are hosts of a training that talk over the loopback, and share this machine's cores: no time is won here,
what is seen is what talking costs. Each trains two epochs, of which the second is timed. Last, one of two is killed in
its second epoch, and the time until the other has said so and ended is taken.
"""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def free_addresses(count: int) -> list[str]:
    """So many addresses of this machine that nobody listens at, all different."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [f"127.0.0.1:{one.getsockname()[1]}" for one in sockets]


def start(count: int, arguments: argparse.Namespace, *, dying: bool = False) -> list[subprocess.Popen]:
    cluster = {"worker": free_addresses(count)} if count > 1 else {}
    command = [sys.executable, __file__, "--recipe", arguments.recipe, "--images", str(arguments.images), "--as-host"]
    return [
        subprocess.Popen(
            [*command, *(["--dies"] if dying and index else [])],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={
                **os.environ,
                "TF_CONFIG": json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}}),
            },
        )
        for index in range(count)
    ]


def take_part(arguments: argparse.Namespace) -> None:
    from siamese_core.config import RECIPES
    from siamese_core.data import load_collection
    from siamese_core.trainer import EpochRun, Trainer

    train = load_collection().split("train").first(arguments.images)
    trainer = Trainer(RECIPES[arguments.recipe], train.images, train.labels, seed=0)
    trainer.run_epoch()

    def die(_: EpochRun) -> None:
        print(json.dumps({"died": time.time()}), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

    run = trainer.run_epoch(on_step=die if arguments.dies else lambda _: None)
    parameters = int(trainer.encoder.count_params())
    print(json.dumps({"seconds": run.seconds, "steps": run.steps, "images": run.images, "parameters": parameters}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", default="fast")
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--counts", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--as-host", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--dies", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.as_host:
        take_part(arguments)
        return
    print(f"| `{arguments.recipe}`, {os.cpu_count()} cores | ms a step | images a second |\n|---|---|---|")
    for count in arguments.counts:
        ended = [(*process.communicate(), process.returncode) for process in start(count, arguments)]
        for _, said, code in ended:
            if code:
                raise RuntimeError(said[-2_000:])
        run = json.loads(ended[0][0])
        a_step = 1e3 * run["seconds"] / run["steps"]
        print(f"| {count} process(es) | {a_step:.1f} | {run['images'] / run['seconds']:,.0f} |", flush=True)
    first, other = start(2, arguments, dying=True)
    said, _ = other.communicate()
    _, sentence = first.communicate()
    print(f"| killed → the other has ended, s | {time.time() - json.loads(said)['died']:.1f} | |")
    print(f"\n{sentence.strip().splitlines()[-1]}")


if __name__ == "__main__":
    main()
