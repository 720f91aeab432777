"""Derive the learner notebooks and the pictures from the solutions.

    python notebooks/solutions/derive.py

The notebooks in this folder are the source. A learner's copy, one folder up, has no cells tagged
`solution`, no outputs, and links that start one folder higher. The pictures that the first cells
show are drawn from `data/definitions`. Run this after each change, and commit both.
"""

import json
import subprocess
import sys
from pathlib import Path

from helpers.graph import draw
from helpers.places import DEFINITIONS, NOTEBOOKS

SOLUTIONS = Path(__file__).resolve().parent
PICTURES = NOTEBOOKS / "images"
STRIP = [sys.executable, "-m", "nbstripout", "--keep-id"]
STRIP += ["--extra-keys", "metadata.kernelspec metadata.language_info metadata.widgets"]


def stripped(notebook: str, *options: str) -> str:
    """Return the text of a notebook without outputs, counts, kernelspec and widget state."""
    answer = subprocess.run(
        [*STRIP, *options, "-t"], input=notebook, capture_output=True, check=True, encoding="utf-8"
    )
    return answer.stdout


def learner_copy(solution: str) -> str:
    """Return the learner's text of a solution notebook: no solution cells, links one level up."""
    notebook = json.loads(stripped(solution, "--drop-tagged-cells", "solution"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = [line.replace("](../", "](") for line in cell["source"]]
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def pictures() -> dict[Path, str]:
    """Return the SVG of each section's state machine, by the file it belongs in."""
    sources = sorted(DEFINITIONS.glob("*.json"))
    return {
        PICTURES / f"{source.stem}.svg": draw(source.read_text(encoding="utf-8")).svg
        for source in sources
        if source.stem != "00"
    }


def main() -> None:
    """Write every learner notebook and every picture."""
    for source in sorted(SOLUTIONS.glob("*.ipynb")):
        text = source.read_text(encoding="utf-8")
        source.write_text(stripped(text), encoding="utf-8", newline="\n")
        (NOTEBOOKS / source.name).write_text(learner_copy(text), encoding="utf-8", newline="\n")
    PICTURES.mkdir(exist_ok=True)
    for path, svg in pictures().items():
        path.write_text(svg, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
