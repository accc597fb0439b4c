"""Each service installs and imports alone: a clean environment, the lock as constraints, nothing of the workspace else."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
SERVICES = ("intake", "sla", "compensation", "notify")
WITHIN_S = 300

LOOK = """
import importlib, json, sys
from importlib.resources import files
from pathlib import Path
from amends.migrations import location
from amends.policy.load import default_text
package = importlib.import_module(sys.argv[1])
main = importlib.import_module(sys.argv[1] + ".main")
scripts = location(main.__file__)
print(json.dumps({
    "package": package.__file__,
    "main": callable(main.main),
    "migrations": sorted(p.name for p in (scripts / "versions").glob("*.py")),
    "env": (scripts / "env.py").is_file(),
    "migrations_inside": scripts.is_relative_to(Path(package.__file__).parent),
    "policy": len(default_text()),
}))
"""


def uv() -> str:
    """uv, from the path or from where `make` puts it."""
    found = shutil.which("uv") or str(ROOT / ".tools/uv/bin/uv")
    assert Path(found).exists(), "uv is neither on PATH nor in .tools/uv: run `make setup`"
    return found


def run(*words: str | Path) -> str:
    environment = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    done = subprocess.run(
        [str(word) for word in words],
        check=False,
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        env=environment,
        cwd="/",
    )
    assert done.returncode == 0, done.stderr or done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheels of the shared package and of the four services, as they would be published."""
    folder = tmp_path_factory.mktemp("wheels")
    for package in ("shared", *(f"services/{service}-svc" for service in SERVICES)):
        run(uv(), "build", "--quiet", "--wheel", "--out-dir", folder, ROOT / package)
    return folder


@pytest.fixture(scope="module")
def constraints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lock, as constraints: versions without hashes, which folders cannot have."""
    file = tmp_path_factory.mktemp("lock") / "constraints.txt"
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    file.write_text("\n".join(line.rstrip("\\ ") for line in lines if not line.lstrip().startswith(("--", "#"))))
    return file


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_installs_and_imports_alone_with_its_migrations_and_the_default_policy(
    service: str, wheels: Path, constraints: Path, tmp_path: Path
) -> None:
    home = tmp_path / "venv"
    run(uv(), "venv", "--quiet", "--python", sys.executable, home)
    python = home / "bin" / "python"
    ours = [next(wheels.glob(f"{name}-*.whl")) for name in (f"amends_{service}_svc", "amends")]
    run(uv(), "pip", "install", "--quiet", "--python", python, "-c", constraints, *ours)

    seen = json.loads(run(python, "-c", LOOK, f"{service}_svc"))

    assert Path(seen["package"]).is_relative_to(home)
    assert seen["main"]
    assert seen["migrations_inside"]
    assert seen["env"]
    assert "0001_first.py" in seen["migrations"]
    assert seen["policy"] > 1000
    others = [other for other in SERVICES if other != service]
    listed = {line["name"] for line in json.loads(run(uv(), "pip", "list", "--python", python, "--format", "json"))}
    assert listed.isdisjoint({*(f"amends-{other}-svc" for other in others), "amends-cli", "amends-sandbox", "pytest"})
