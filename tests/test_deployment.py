"""What deploys the app names only what is there; neither a container's engine nor a registry is asked."""

import json
import re
import shlex
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from packaging.requirements import Requirement
from starlette.routing import Route

from app.service import service_routes

ROOT = Path(__file__).resolve().parents[1]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
CADDYFILE = (ROOT / "deploy" / "Caddyfile").read_text(encoding="utf-8")
ROUTES = {route.path for route in service_routes() if isinstance(route, Route)}
ENTRY = re.compile(r"^\S+==.*?(?=^\S|\Z)", re.M | re.S)
REPLICAS = {name: service for name, service in COMPOSE["services"].items() if name != "proxy"}


def instructions(name: str) -> list[str]:
    """What follows each instruction of this name in the Dockerfile."""
    return re.findall(rf"^{name}\s+(.*)$", DOCKERFILE, re.M)


def port() -> str:
    (exposed,) = instructions("EXPOSE")
    return exposed


def requirements(name: str) -> dict[str, Requirement]:
    lines = ((ROOT / name).read_text(encoding="utf-8")).splitlines()
    found = [Requirement(words) for line in lines if (words := line.partition("#")[0].strip())]
    return {requirement.name: requirement for requirement in found}


def locked(name: str) -> dict[str, set[str]]:
    """The hashes of each `package==version ; marker` of a lock."""
    entries = ENTRY.findall((ROOT / name).read_text(encoding="utf-8"))
    return {entry.partition(" \\")[0]: set(re.findall(r"sha256:\w+", entry)) for entry in entries}


def test_the_image_copies_only_what_is_there_and_not_ignored() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    copied = [
        source
        for words in instructions("COPY")
        for source in [word for word in shlex.split(words) if not word.startswith("--")][:-1]
    ]
    assert {"app", "siamese_core", "streamlit_app.py", ".streamlit", "artifacts"} <= set(copied)
    assert [source for source in copied if not (ROOT / source).exists()] == []
    assert ignored[1] == "*"
    assert [source for source in copied if f"!{source}" not in ignored] == []
    assert [line for line in ignored if line.startswith("!") and not (ROOT / line[1:]).exists()] == []


def test_the_image_runs_as_somebody_without_rights_and_asks_a_route_how_it_is() -> None:
    (user,) = instructions("USER")
    assert user not in ("root", "0")
    assert re.search(rf"useradd .*\b{user}\b", DOCKERFILE)
    (check,) = instructions("HEALTHCHECK")
    address = urlsplit(re.search(r"http://[^']+", check)[0])  # type: ignore[index]
    assert (str(address.port), address.path in ROUTES) == (port(), True)
    command = json.loads(instructions("CMD")[-1])
    assert (ROOT / command[2]).is_file()
    assert f"--server.port={port()}" in command


def test_the_image_has_the_data_from_the_package_of_the_distribution() -> None:
    packages = (ROOT / "packages.txt").read_text(encoding="utf-8").split()
    assert packages
    assert all(package in instructions("RUN")[0] for package in packages)
    assert "://" not in DOCKERFILE.replace("http://127.0.0.1", "")


def test_what_compose_names_is_there() -> None:
    proxy = COMPOSE["services"]["proxy"]
    for service in COMPOSE["services"].values():
        assert set(service.get("depends_on", {})) <= set(COMPOSE["services"])
        for volume in service["volumes"]:
            source = volume.split(":")[0]
            assert (ROOT / source).is_file() if source.startswith(".") else source in COMPOSE["volumes"], volume
    (published,) = proxy["ports"]
    assert re.search(rf"^{{\$SITE_ADDRESS::{published.split(':')[1]}}} {{", CADDYFILE, re.M)


def test_https_adds_to_the_proxy_what_certificates_need() -> None:
    https = yaml.safe_load((ROOT / "deploy" / "https.yaml").read_text(encoding="utf-8"))
    proxy = https["services"]["proxy"]
    assert set(https["services"]) <= set(COMPOSE["services"])
    assert set(proxy["environment"]) == {"SITE_ADDRESS"}
    assert proxy["ports"] == ["80:80", "443:443"]
    assert [volume.split(":")[0] in https["volumes"] for volume in proxy["volumes"]] == [True]


def test_two_replicas_are_alike_and_share_the_folder_of_models() -> None:
    def without_order(service: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in service.items() if key != "depends_on"}

    one, two = map(without_order, REPLICAS.values())
    assert one == two
    folder = f"{instructions('WORKDIR')[-1]}/artifacts"
    assert any(volume.endswith(f":{folder}") for volume in one["volumes"])
    (argument,) = one["build"]["args"]
    assert f"{argument}={re.search(r':-(.*)}', one['build']['args'][argument])[1]}" in instructions("ARG")  # type: ignore[index]


def test_the_proxy_sends_each_visitor_to_the_same_healthy_replica() -> None:
    upstreams = re.search(r"reverse_proxy (.*) {", CADDYFILE)[1].split()  # type: ignore[index]
    assert upstreams == [f"{name}:{port()}" for name in REPLICAS]
    assert re.search(r"lb_policy cookie \w+", CADDYFILE)
    assert re.search(r"health_uri (\S+)", CADDYFILE)[1] in ROUTES  # type: ignore[index]
    closed = re.search(r"@private path (.*)", CADDYFILE)[1].split()  # type: ignore[index]
    assert closed[0] in ROUTES


def test_what_serves_is_a_part_of_what_trains() -> None:
    every, serving = requirements("requirements.txt"), requirements("requirements-serve.txt")
    assert {name: str(wanted) for name, wanted in serving.items()} == {name: str(every[name]) for name in serving}
    assert not {"tensorflow", "keras", "onnx", "tf2onnx", "opentsne"} & set(serving)


def test_what_serves_is_locked_to_the_same_files() -> None:
    every, serving = locked("requirements.lock"), locked("requirements-serve.lock")
    assert {entry: hashes for entry, hashes in serving.items() if every.get(entry) != hashes} == {}
    names = {entry.partition("==")[0] for entry in serving}
    assert set(requirements("requirements-serve.txt")) <= names
    assert not {"tensorflow", "keras"} & names


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-serve.lock"])
def test_the_documentation_says_how_to_build_with_each_lock(lock: str) -> None:
    assert lock in (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
