"""What the environment of the hooks costs, beside one of the libraries that peers need.

Each is installed as pre-commit does, by pip into a new virtual environment, with byte code. The
wheels come from wherever pip is told to take them: repeat a run to measure with a warm cache.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
ENVIRONMENTS = {
    "hooks": [str(ROOT)],
    "GX + MLflow + Fairlearn": ["great-expectations", "mlflow", "fairlearn"],
}
RUNS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hooks-only", action="store_true")
    chosen = parser.parse_args()
    print(f"{'environment':26}{'install':>10}{'size':>12}{'packages':>10}")
    with tempfile.TemporaryDirectory() as scratch:
        for number, (name, wanted) in enumerate(ENVIRONMENTS.items()):
            if number and chosen.hooks_only:
                break
            folder = Path(scratch) / str(number)
            seconds = installed(folder, wanted)
            packages = len(list(folder.glob("lib/python*/site-packages/*.dist-info")))
            print(f"{name:26}{seconds:>8.1f} s{size(folder) / 1e6:>9.0f} MB{packages:>10}")
            if not number:
                starts(folder)


def installed(folder: Path, wanted: list[str]) -> float:
    """Seconds until *wanted* stands in a new environment in *folder*."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    pip = [folder / "bin/python", "-m", "pip", "install", "--quiet"]
    limits = ["--constraint", ROOT / "constraints.txt"]
    subprocess.run([*pip, "--disable-pip-version-check", *limits, *wanted], check=True)
    return time.perf_counter() - began


def starts(folder: Path) -> None:
    """Print how long hooks take that have nothing to judge, beside Python alone."""
    commands = {
        "python -c pass": [folder / "bin/python", "-c", "pass"],
        "mlgates-check, no files": [folder / "bin/mlgates-check"],
        "mlgates-data, no files": [folder / "bin/mlgates-data"],
        "mlgates-config": [folder / "bin/mlgates-config"],
    }
    for name, command in commands.items():
        times = []
        for _ in range(RUNS):
            began = time.perf_counter()
            subprocess.run(command, cwd=ROOT, check=False, capture_output=True)
            times.append(time.perf_counter() - began)
        print(f"  {name:24}{1000 * sorted(times)[RUNS // 2]:>7.0f} ms")


def size(folder: Path) -> int:
    """Bytes of all files, links not followed."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())


if __name__ == "__main__":
    main()
