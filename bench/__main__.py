"""Runs each benchmark of this folder in turn, or those that are named: `python -m bench events`.

A benchmark is a program that prints its figures and the ratio to its anchor, and ends with 0 when
its promise holds. Nothing here measures.
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main(names: list[str]) -> int:
    """Runs them one after another; the number of those that failed."""
    files = sorted(path for path in HERE.glob("*.py") if not path.name.startswith("_"))
    wanted = [path for path in files if not names or path.stem in names]
    unknown = sorted(set(names) - {path.stem for path in files})
    if unknown:
        print(f"bench: no such file: {', '.join(unknown)}; there are: {', '.join(path.stem for path in files)}")
        return 2
    failed: list[str] = []
    for path in wanted:
        print(f"== {path.stem}", flush=True)
        if subprocess.run([sys.executable, str(path)], check=False, cwd=HERE.parent).returncode != 0:
            failed.append(path.stem)
    print(
        f"bench: {len(wanted) - len(failed)} of {len(wanted)} ok" + (f"; failed: {', '.join(failed)}" if failed else "")
    )
    return min(len(failed), 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
